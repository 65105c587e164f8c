// A user of RDB needs one import: the vocabulary of values, types and errors comes with it.
@_exported public import RDBFormat
