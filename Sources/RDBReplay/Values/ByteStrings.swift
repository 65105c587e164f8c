import RDBSupport

/// Memory of a byte string apart from its bytes, in bytes, roughly.
let byteStringOverhead = 40

/// The integer whose canonical decimal text the bytes are, as packed values and intsets store it.
func canonicalInteger(_ bytes: [UInt8]) -> Int64? { DecimalText.parseCanonical(bytes.span.bytes) }
