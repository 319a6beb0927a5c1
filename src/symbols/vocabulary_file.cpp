#include "bitlaw/symbols/vocabulary_file.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"

namespace bitlaw::symbols {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHashBytes = 8;

}  // namespace

std::uint64_t vocabulary_id(const Vocabulary& vocabulary) { return hash64(vocabulary.encode()); }

Bytes encode_vocabulary_file(const Vocabulary& vocabulary) {
    const Bytes content = vocabulary.encode();
    ByteWriter writer;
    writer.bytes(kVocabularyMagic);
    writer.u8(kVersion);
    writer.u32(static_cast<std::uint32_t>(content.size()));
    writer.bytes(content);
    writer.u64(hash64(writer.data()));
    return writer.take();
}

Vocabulary decode_vocabulary_file(ByteSpan file, const std::string& name) {
    if (file.size() < kVocabularyMagic.size() ||
        !std::equal(kVocabularyMagic.begin(), kVocabularyMagic.end(), file.begin())) {
        fail(name, " is no vocabulary of bitlaw; make one with 'bitlaw tokenizer train'");
    }
    ByteReader reader(file, name);
    (void)reader.bytes(kVocabularyMagic.size());
    if (const unsigned version = reader.u8(); version != kVersion) {
        fail(name, " is a vocabulary of version ", version, ", and this bitlaw reads ", unsigned{kVersion});
    }
    const std::uint32_t size = reader.u32();
    const ByteSpan content = reader.bytes(size);
    if (reader.u64() != hash64(file.first(file.size() - std::min(file.size(), kHashBytes))) ||
        reader.remaining() != 0) {
        fail(name, " is damaged: its hash does not fit its content; copy it again or make it again");
    }
    return Vocabulary::decode(content, name);
}

Vocabulary load_vocabulary(const std::filesystem::path& path) {
    const MappedFile file(path);
    return decode_vocabulary_file(file.bytes(), path.string());
}

}  // namespace bitlaw::symbols
