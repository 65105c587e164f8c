// A changed header is valid during the call of the closure that receives it.
import RDB

func escape(_ key: borrowing KeyHeader) {
  // error: type 'KeyHeader' does not conform to protocol 'Escapable'
  let changed = key.changing(name: key.name, database: 0, expiry: nil) { $0 }
  print(changed.database)
}
