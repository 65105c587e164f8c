// What a reader of snapshots needs of the floor below: values, errors, type names, key names as text.
@_exported public import ByteText
@_exported public import RDBFormat
