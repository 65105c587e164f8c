// Reads the keys of a server as redis-dump-go does, and writes the commands that make them again to standard output:
// one SCAN, and ten connections that ask for TYPE, the value and PTTL of each key.
//
//   dump-loop PORT [--pipelined]
//
// As there, each connection waits for a reply before its next command. With --pipelined it sends each kind of command for
// a whole page of SCAN at once, which redis-dump-go does not do. As there, streams are left out.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

let workerCount = 10
let pageKeyCount = 1000

/// A connection that waits for replies.
final class Connection {
  private let descriptor: Int32
  private var input = [UInt8](repeating: 0, count: 1 << 16)
  private var (start, end) = (0, 0)
  private var output: [UInt8] = []

  init(port: UInt16) {
    #if canImport(Glibc)
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    precondition(result == 0, "cannot connect")
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  func add(_ arguments: [[UInt8]]) { append(arguments, to: &output) }

  func flush() {
    var offset = 0
    while offset < output.count {
      let count = output.withUnsafeBytes { write(descriptor, $0.baseAddress! + offset, $0.count - offset) }
      precondition(count > 0, "cannot write")
      offset += count
    }
    output.removeAll(keepingCapacity: true)
  }

  private func byte() -> UInt8 {
    if start == end {
      start = 0
      end = input.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, $0.count) }
      precondition(end > 0, "the server closed the connection")
    }
    start += 1
    return input[start - 1]
  }

  private func bytes(_ count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    while result.count < count {
      if start == end { _ = byte(); start -= 1 }
      let length = min(count - result.count, end - start)
      result += input[start..<start + length]
      start += length
    }
    return result
  }

  private func line() -> [UInt8] {
    var result: [UInt8] = []
    while true {
      let next = byte()
      if next == 13 { _ = byte(); return result }
      result.append(next)
    }
  }

  /// Reads a reply: the strings in it, in order. An integer is the string of its digits.
  func reply() -> [[UInt8]] {
    let kind = byte()
    let head = line()
    switch kind {
    case UInt8(ascii: "$"):
      let count = Int(String(decoding: head, as: UTF8.self))!
      guard count >= 0 else { return [] }
      let value = bytes(count)
      _ = (byte(), byte())
      return [value]
    case UInt8(ascii: "*"):
      let count = Int(String(decoding: head, as: UTF8.self))!
      var values: [[UInt8]] = []
      for _ in 0..<max(count, 0) { values += reply() }
      return values
    default: return [head]
    }
  }
}

func append(_ arguments: [[UInt8]], to output: inout [UInt8]) {
  output += Array("*\(arguments.count)\r\n".utf8)
  for argument in arguments {
    output += Array("$\(argument.count)\r\n".utf8)
    output += argument
    output += [13, 10]
  }
}

func words(_ text: String) -> [[UInt8]] { text.split(separator: " ").map { Array($0.utf8) } }

/// Returns the command that reads a value; `nil` for types that are left out.
func reading(_ key: [UInt8], _ type: [UInt8]) -> [[UInt8]]? {
  switch String(decoding: type, as: UTF8.self) {
  case "string": return words("GET") + [key]
  case "hash": return words("HGETALL") + [key]
  case "list": return words("LRANGE") + [key] + words("0 -1")
  case "set": return words("SMEMBERS") + [key]
  case "zset": return words("ZRANGEBYSCORE") + [key] + words("-inf +inf WITHSCORES")
  default: return nil
  }
}

/// Appends the commands that make a key.
func appendCommands(_ key: [UInt8], _ type: [UInt8], _ value: [[UInt8]], _ left: [UInt8], to output: inout [UInt8]) {
  switch String(decoding: type, as: UTF8.self) {
  case "string": append(words("SET") + [key] + value, to: &output)
  case "hash": append(words("HSET") + [key] + value, to: &output)
  case "list": append(words("RPUSH") + [key] + value, to: &output)
  case "set": append(words("SADD") + [key] + value, to: &output)
  default:
    var members: [[UInt8]] = []
    for index in stride(from: 0, to: value.count - 1, by: 2) { members += [value[index + 1], value[index]] }
    append(words("ZADD") + [key] + members, to: &output)
  }
  if left.first != UInt8(ascii: "-") { append(words("PEXPIRE") + [key, left], to: &output) }
}

/// Pages of keys between the scanner and the workers.
final class Pages {
  private var lock = pthread_mutex_t()
  private var changed = pthread_cond_t()
  private var pages: [[[UInt8]]] = []
  private var isEnded = false

  init() {
    pthread_mutex_init(&lock, nil)
    pthread_cond_init(&changed, nil)
  }

  func add(_ page: [[UInt8]]) {
    pthread_mutex_lock(&lock)
    while pages.count > 2 * workerCount { pthread_cond_wait(&changed, &lock) }
    pages.append(page)
    pthread_cond_broadcast(&changed)
    pthread_mutex_unlock(&lock)
  }

  func end() {
    pthread_mutex_lock(&lock)
    isEnded = true
    pthread_cond_broadcast(&changed)
    pthread_mutex_unlock(&lock)
  }

  func next() -> [[UInt8]]? {
    pthread_mutex_lock(&lock)
    defer { pthread_mutex_unlock(&lock) }
    while pages.isEmpty {
      if isEnded { return nil }
      pthread_cond_wait(&changed, &lock)
    }
    pthread_cond_broadcast(&changed)
    return pages.removeLast()
  }

  /// Writes to standard output, one page at a time.
  func write(_ output: [UInt8]) {
    pthread_mutex_lock(&lock)
    var offset = 0
    while offset < output.count {
      offset += max(0, output.withUnsafeBytes { writeOut($0.baseAddress! + offset, $0.count - offset) })
    }
    pthread_mutex_unlock(&lock)
  }
}

func writeOut(_ pointer: UnsafeRawPointer, _ count: Int) -> Int { write(1, pointer, count) }

let port = UInt16(CommandLine.arguments[1])!
let isPipelined = CommandLine.arguments.contains("--pipelined")
let pages = Pages()

/// Sends commands, and returns their replies: each awaited before the next command, or all at once.
func ask(_ connection: Connection, _ commands: [[[UInt8]]]) -> [[[UInt8]]] {
  guard isPipelined else {
    return commands.map { command in
      connection.add(command)
      connection.flush()
      return connection.reply()
    }
  }
  for command in commands { connection.add(command) }
  connection.flush()
  return commands.map { _ in connection.reply() }
}

func dump(_ keys: [[UInt8]], _ connection: Connection) {
  let types = ask(connection, keys.map { words("TYPE") + [$0] }).map { $0[0] }
  let known = zip(keys, types).compactMap { key, type in reading(key, type).map { (key, type, $0) } }
  let values = ask(connection, known.map(\.2))
  let left = ask(connection, known.map { words("PTTL") + [$0.0] })
  var output: [UInt8] = []
  for (index, (key, type, _)) in known.enumerated() {
    appendCommands(key, type, values[index], left[index][0], to: &output)
  }
  pages.write(output)
}

func startThread(_ body: @escaping () -> Void) -> pthread_t {
  final class Box {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }
  let argument = Unmanaged.passRetained(Box(body)).toOpaque()
  #if canImport(Glibc)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      {
        Unmanaged<Box>.fromOpaque($0!).takeRetainedValue().body(); return nil
      }, argument)
    return thread
  #else
    var thread: pthread_t?
    pthread_create(
      &thread, nil,
      {
        Unmanaged<Box>.fromOpaque($0).takeRetainedValue().body(); return nil
      }, argument)
    return thread!
  #endif
}

let threads = (0..<workerCount).map { _ in
  startThread {
    let connection = Connection(port: port)
    while let page = pages.next() { dump(page, connection) }
  }
}
let scanner = Connection(port: port)
var cursor: [UInt8] = Array("0".utf8)
repeat {
  scanner.add(words("SCAN") + [cursor] + words("COUNT \(pageKeyCount)"))
  scanner.flush()
  let reply = scanner.reply()
  cursor = reply[0]
  pages.add(Array(reply.dropFirst()))
} while cursor != Array("0".utf8)
pages.end()
for thread in threads { pthread_join(thread, nil) }
