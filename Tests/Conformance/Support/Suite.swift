/// One suite for the whole list: a file per group extends it. A test's name starts with the number of its statement.
import Glibc
import Testing

@Suite(.turns(limit: .seconds(getenv("LONG_TESTS") == nil ? 60 : 1800) * patience))
struct Conformance {}
