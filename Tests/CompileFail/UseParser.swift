// The parser and the record that announces keys belong to the package.
import RDB

func parse(_ input: RawSpan) {
  // error: 'RDBParser'
  var parser: RDBParser
  // error: 'KeyRecord'
  let record: KeyRecord
}
