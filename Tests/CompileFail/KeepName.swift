// A span of a key's name cannot leave the call either, in a variable that lives longer.
import RDB

func collect(_ keys: borrowing KeyHeader, into name: inout RawSpan) {
  // error: lifetime-dependent
  name = keys.name
}
