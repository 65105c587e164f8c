import RDBFormat
import RDBSupport

/// Serialized Java objects, which Spring Session stores in the fields of a hash.
///
/// The bytes begin with `AC ED 00 05`, followed by objects with their class descriptions. Source: Java Object
/// Serialization Specification, chapter 6.
struct JavaObjects: ~Copyable {
  /// The bytes of a `java.lang.Long` and a `java.lang.Integer` before the number.
  private var long = ByteBuffer(capacity: 128)
  private var integer = ByteBuffer(capacity: 128)
  /// The bytes of a security context and a CSRF token before the first string.
  private var context = ByteBuffer(capacity: 512)
  private var token = ByteBuffer(capacity: 512)

  init() {
    Self.beginObject(&long, "java.lang.Long", 0x3B8B_E490_CC8F_23DF)
    Self.field(&long, "J", "value")
    Self.endNumber(&long)
    Self.beginObject(&integer, "java.lang.Integer", 0x12E2_A0A4_F781_8738)
    Self.field(&integer, "I", "value")
    Self.endNumber(&integer)

    Self.beginObject(
      &context, "org.springframework.security.core.context.SecurityContextImpl",
      0x0000_0000_0000_026C)
    Self.objectField(
      &context, "authentication", "Lorg/springframework/security/core/Authentication;")
    context.append(0x78)
    context.append(0x70)
    Self.beginClass(
      &context, "org.springframework.security.authentication.UsernamePasswordAuthenticationToken",
      0x0000_0000_0000_026C)
    Self.objectField(&context, "principal", "Ljava/lang/Object;")
    context.append(0x78)
    context.append(0x70)

    Self.beginObject(
      &token, "org.springframework.security.web.csrf.DefaultCsrfToken", 0x0000_0000_0000_026C)
    Self.objectField(&token, "token", "Ljava/lang/String;")
    token.append(0x78)
    token.append(0x70)
  }

  private static func beginObject(_ buffer: inout ByteBuffer, _ name: StaticString, _ uid: UInt64) {
    buffer.append(littleEndian: (0xACED_0005 as UInt32).byteSwapped)
    beginClass(&buffer, name, uid)
  }

  /// Appends TC_OBJECT, TC_CLASSDESC, the name, the serial version, SC_SERIALIZABLE, and a field count of one.
  private static func beginClass(_ buffer: inout ByteBuffer, _ name: StaticString, _ uid: UInt64) {
    buffer.append(0x73)
    buffer.append(0x72)
    text(&buffer, name)
    buffer.append(littleEndian: uid.byteSwapped)
    buffer.append(0x02)
    buffer.append(littleEndian: (1 as UInt16).byteSwapped)
  }

  private static func field(_ buffer: inout ByteBuffer, _ code: StaticString, _ name: StaticString) {
    buffer.append(code)
    text(&buffer, name)
  }

  private static func objectField(
    _ buffer: inout ByteBuffer, _ name: StaticString, _ type: StaticString
  ) {
    field(&buffer, "L", name)
    buffer.append(0x74)
    text(&buffer, type)
  }

  /// Appends the end of a class description with the superclass `java.lang.Number`.
  private static func endNumber(_ buffer: inout ByteBuffer) {
    buffer.append(0x78)
    buffer.append(0x72)
    text(&buffer, "java.lang.Number")
    buffer.append(littleEndian: (0x86AC_951D_0B94_E08B as UInt64).byteSwapped)
    buffer.append(0x02)
    buffer.append(littleEndian: 0 as UInt16)
    buffer.append(0x78)
    buffer.append(0x70)
  }

  /// Appends the length of a text, in two bytes, and the text.
  private static func text(_ buffer: inout ByteBuffer, _ text: StaticString) {
    buffer.append(littleEndian: UInt16(truncatingIfNeeded: text.utf8CodeUnitCount).byteSwapped)
    buffer.append(text)
  }

  /// Makes a `Long`.
  func makeLong(_ number: Int64, into value: inout ByteBuffer) {
    value.removeAll()
    value.append(long.bytes)
    value.append(littleEndian: number.byteSwapped)
  }

  /// Makes an `Integer`.
  func makeInteger(_ number: Int32, into value: inout ByteBuffer) {
    value.removeAll()
    value.append(integer.bytes)
    value.append(littleEndian: number.byteSwapped)
  }

  /// Makes a security context, with `byteCount` bytes of random name and credentials.
  func makeContext(_ byteCount: Int, into value: inout ByteBuffer, _ random: inout FastRandom) {
    value.removeAll()
    value.append(context.bytes)
    fillUp(byteCount, &value, &random)
  }

  /// Makes a CSRF token of 36 letters.
  func makeToken(into value: inout ByteBuffer, _ random: inout FastRandom) {
    value.removeAll()
    value.append(token.bytes)
    fillUp(36, &value, &random)
  }

  /// Appends a string of `byteCount` letters: TC_STRING, two bytes of length, letters.
  private func fillUp(_ byteCount: Int, _ value: inout ByteBuffer, _ random: inout FastRandom) {
    value.append(0x74)
    value.append(littleEndian: UInt16(truncatingIfNeeded: byteCount).byteSwapped)
    value.reserve(byteCount)
    random.fillLetters(value.end, byteCount)
    value.advance(by: byteCount)
  }
}
