// How a type is named to another process that runs the same executable.
//
// Public, internal and generic types are found by their mangled name, also in a stripped executable. Private, fileprivate
// and local ones have a name that the runtime does not look up: of those the type descriptor's place in the image is sent.
// The sender finds out which way works, by trying.
import CPlatform

/// A type as bytes.
enum TypeReference: Hashable, Sendable {
  case mangled(String)
  /// Distance from the start of the executable, and the type's name, which the receiver compares.
  case descriptor(offset: UInt64, name: String)

  /// Nil if another process has no way to find the type.
  init?(_ type: Any.Type) {
    if let name = _mangledTypeName(type), _typeByName(name) == type {
      self = .mangled(name)
    } else if let offset = TypeReference.descriptorOffset(of: type) {
      self = .descriptor(offset: offset, name: _typeName(type, qualified: false))
    } else {
      return nil
    }
  }

  /// The type in this process, or nil.
  func resolve() -> Any.Type? {
    switch self {
    case .mangled(let name): return _typeByName(name)
    case .descriptor(let offset, let name):
      guard let type = TypeReference.type(atDescriptor: offset), _typeName(type, qualified: false) == name else {
        return nil
      }
      return type
    }
  }

  // MARK: Wire form

  func write(to bytes: ByteWriter) {
    switch self {
    case .mangled(let name):
      bytes.append(byte: 0)
      bytes.append(string: name)
    case .descriptor(let offset, let name):
      bytes.append(byte: 1)
      bytes.append(varint: offset)
      bytes.append(string: name)
    }
  }

  init(from reader: inout ByteReader) throws(MalformedBytes) {
    switch try reader.byte() {
    case 0: self = .mangled(try reader.string())
    case 1:
      let offset = try reader.varint()
      self = .descriptor(offset: offset, name: try reader.string())
    default: throw .invalid("unknown kind of type reference", reader.position)
    }
  }

  // MARK: Descriptors
  // SAFETY (all below): reads Swift's stable metadata layout. Kind 0x200 is a struct, 0x201 an enum: their second word
  // points to the nominal type descriptor {flags, parent, name, accessor: 32-bit relative pointers each}. Flag bit 7
  // says generic. Only descriptors inside the executable's own image are used, and both sides run the same image.

  private static func descriptorOffset(of type: Any.Type) -> UInt64? {
    // SAFETY: a metatype is the address of its metadata, which lives as long as the process.
    let metadata = unsafeBitCast(type, to: UnsafeRawPointer.self)
    let kind = metadata.load(as: UInt.self)
    guard kind == 0x200 || kind == 0x201 else { return nil }
    let descriptor = metadata.load(fromByteOffset: MemoryLayout<UInt>.size, as: UnsafeRawPointer.self)
    guard isInImage(descriptor), descriptor.load(as: UInt32.self) & 0x80 == 0, let start = cf_image_start() else {
      return nil
    }
    return UInt64(descriptor - start)
  }

  private static func type(atDescriptor offset: UInt64) -> Any.Type? {
    guard let start = cf_image_start(), offset < UInt64(1 << 40) else { return nil }
    let descriptor = start + Int(offset)
    guard offset % 4 == 0, isInImage(descriptor), isInImage(descriptor + 15),
      [16, 17, 18].contains(descriptor.load(as: UInt32.self) & 0x9F)  // class, struct, enum, none of them generic
    else { return nil }
    let accessor = descriptor + 12 + Int(descriptor.load(fromByteOffset: 12, as: Int32.self))
    guard isInImage(accessor), let metadata = cf_call_metadata_accessor(accessor) else { return nil }
    // SAFETY: what the accessor of a type that is not generic returns is its metadata.
    return unsafeBitCast(metadata, to: Any.Type.self)
  }

  static func isInImage(_ address: UnsafeRawPointer) -> Bool {
    guard let start = cf_image_start(), let end = cf_image_end() else { return false }
    return address >= start && address < end
  }
}
