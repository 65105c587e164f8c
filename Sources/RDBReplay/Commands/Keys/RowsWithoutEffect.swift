extension CommandTable {
  /// Commands that a file can have but that change no key: they are counted and skipped.
  static let rowsWithoutEffect: [CommandRow] = [
    "ping", "echo", "auth", "hello", "client", "reset", "quit", "replconf", "publish", "spublish", "watch", "unwatch",
    "asking", "readonly", "readwrite", "command", "info", "time", "lolwut", "role", "lastsave", "dbsize", "memory",
    "latency", "slowlog", "wait", "waitaof", "script", "object", "debug", "module", "acl", "monitor", "subscribe",
    "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe", "pubsub", "config", "psync", "sync",
    "save",
    "bgsave", "bgrewriteaof", "failover", "replicaof", "slaveof", "shutdown", "commandlog", "pfselftest",
    // Reads: they change nothing but statistics.
    "get", "mget", "strlen", "getrange", "substr", "getbit", "bitcount", "bitpos", "bitfield_ro", "lcs", "digest",
    "exists", "type", "ttl", "pttl", "expiretime", "pexpiretime", "keys", "randomkey", "scan", "dump", "touch",
    "hget", "hmget", "hgetall", "hkeys", "hvals", "hlen", "hstrlen", "hexists", "hrandfield", "hscan", "httl", "hpttl",
    "hexpiretime", "hpexpiretime", "lrange", "llen", "lindex", "lpos", "smembers", "sismember", "smismember", "scard",
    "srandmember", "sscan", "sinter", "sintercard", "sunion", "sdiff", "zrange", "zrangebyscore", "zrevrange",
    "zrevrangebyscore", "zrangebylex", "zrevrangebylex", "zcard", "zcount", "zlexcount", "zrank", "zrevrank", "zscore",
    "zmscore", "zrandmember", "zscan", "zunion", "zinter", "zintercard", "zdiff", "geodist", "geohash", "geopos",
    "geosearch", "georadius_ro", "georadiusbymember_ro", "sort_ro", "xrange", "xrevrange", "xlen", "xread", "xinfo",
    "xpending", "eval_ro", "evalsha_ro", "fcall_ro", "vcard", "vdim", "vemb", "vgetattr", "vinfo", "vismember",
    "vlinks",
    "vrandmember", "vrange", "vsim", "clusterscan",
  ].map { CommandRow($0, -1, .none, .noEffect) }

  /// Commands whose effect cannot be known from the file, or that need a module or a server.
  static let rowsNotReplayed: [CommandRow] = [
    notReplayed(
      "eval", "a script: what it did is not in the file (versions before 7.0 write scripts as they were sent)"),
    notReplayed("evalsha", "a script: what it did is not in the file, and neither is the script"),
    notReplayed("fcall", "a function: what it did is not in the file"),
    notReplayed("migrate", "whether the keys arrived at the other server is not in the file"),
    notReplayed("vadd", "only a server can build vector sets"),
    notReplayed("vrem", "only a server can build vector sets"),
    notReplayed("vsetattr", "only a server can build vector sets"),
  ]

  private static func notReplayed(_ name: String, _ reason: String) -> CommandRow {
    CommandRow(name, -1, .none, .notReplayed(reason))
  }
}
