#pragma once
/// \file Files that hold a vocabulary alone. docs/FORMAT.md specifies the bytes.

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

#include "bitlaw/symbols/vocabulary.hpp"

namespace bitlaw::symbols {

inline constexpr std::array<std::uint8_t, 4> kVocabularyMagic{0x89, 'B', 'L', 'T'};

/// Suffix of vocabulary files.
inline constexpr const char* kVocabularySuffix = ".blt";

/// hash64 of encode(): what a vocabulary is known by.
[[nodiscard]] std::uint64_t vocabulary_id(const Vocabulary& vocabulary);

/// The bytes of a file, and back; sizes and hash are checked before anything is allocated. Throws Error with
/// `name` in it.
[[nodiscard]] Bytes encode_vocabulary_file(const Vocabulary& vocabulary);
[[nodiscard]] Vocabulary decode_vocabulary_file(ByteSpan file, const std::string& name);

[[nodiscard]] Vocabulary load_vocabulary(const std::filesystem::path& path);

}  // namespace bitlaw::symbols
