#include "bitlaw/interop/sentencepiece.hpp"

#include <bit>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/interop/llama2c.hpp"

namespace bitlaw::interop {

using namespace symbols;

namespace {

// Numbers of fields (sentencepiece_model.proto).
constexpr std::uint64_t kPieces = 1;
constexpr std::uint64_t kTrainer = 2;
constexpr std::uint64_t kNormalizer = 3;
constexpr std::uint64_t kPieceText = 1;
constexpr std::uint64_t kPieceScore = 2;
constexpr std::uint64_t kPieceType = 3;
constexpr std::uint64_t kModelType = 3;
constexpr std::uint64_t kStartId = 41;
constexpr std::uint64_t kDummyPrefix = 3;
// Values of the types.
constexpr std::uint64_t kNormal = 1;
constexpr std::uint64_t kUserDefined = 4;
constexpr std::uint64_t kByte = 6;
constexpr std::uint64_t kUnigram = 1;
constexpr std::uint64_t kPairs = 2;

constexpr std::string_view kSpace = "\xE2\x96\x81";  // "lower one eighth block"

// One field of a message: its number, and its value by kind.
struct ProtoField {
    std::uint64_t number = 0;
    std::uint64_t value = 0;  // varint; bits of a fixed number
    ByteSpan bytes = {};
};

// A varint in any length up to ten bytes: encoders may write more bytes than are needed.
std::uint64_t proto_varint(ByteReader& reader, const std::string& name) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = reader.u8();
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    fail(name, " is no SentencePiece model: a number in it does not end");
}

ProtoField next_field(ByteReader& reader, const std::string& name) {
    const std::uint64_t tag = proto_varint(reader, name);
    ProtoField field{.number = tag >> 3};
    switch (tag & 7) {
        case 0: field.value = proto_varint(reader, name); return field;
        case 1: field.value = reader.u64(); return field;
        case 5: field.value = reader.u32(); return field;
        case 2: {
            const std::uint64_t size = proto_varint(reader, name);
            if (size > reader.remaining()) {
                fail(name, " is no SentencePiece model, or cut off: a part has ", size, " bytes, of which ",
                     reader.remaining(), " are there");
            }
            field.bytes = reader.bytes(static_cast<std::size_t>(size));
            return field;
        }
        default: fail(name, " is no SentencePiece model: it has a field of kind ", tag & 7);
    }
}

// Calls visit(field) for all fields of a message.
template <class Visit>
void for_each_field(ByteSpan message, const std::string& name, const Visit& visit) {
    ByteReader reader(message, name);
    while (reader.remaining() > 0) {
        visit(next_field(reader, name));
    }
}

struct ProtoPiece {
    std::string_view text;
    float score = 0;
    std::uint64_t type = kNormal;
};

ProtoPiece piece_of(ByteSpan message, const std::string& name) {
    ProtoPiece piece;
    for_each_field(message, name, [&](const ProtoField& field) {
        if (field.number == kPieceText) {
            piece.text = {reinterpret_cast<const char*>(field.bytes.data()), field.bytes.size()};
        } else if (field.number == kPieceScore) {
            piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
        } else if (field.number == kPieceType) {
            piece.type = field.value;
        }
    });
    return piece;
}

Bytes spelt(std::string_view text) {
    Bytes bytes;
    while (!text.empty()) {
        const bool is_space = text.starts_with(kSpace);
        bytes.push_back(is_space ? ' ' : static_cast<std::uint8_t>(text.front()));
        text.remove_prefix(is_space ? kSpace.size() : 1);
    }
    return bytes;
}

Bytes bytes_of(const ProtoPiece& piece, std::size_t number, const std::string& name) {
    if (piece.type == kByte) {
        const int byte = byte_of_token(piece.text);
        if (byte < 0) {
            fail(name, " calls piece ", number, " a byte, which it is not");
        }
        return {static_cast<std::uint8_t>(byte)};
    }
    return piece.type == kNormal || piece.type == kUserDefined ? spelt(piece.text) : Bytes{};
}

}  // namespace

bool is_sentencepiece(ByteSpan file) { return !file.empty() && file.front() == (kPieces << 3 | 2); }

SentencePieceModel read_sentencepiece(ByteSpan file, const std::string& name) {
    SentencePieceModel model;
    ForeignVocabulary& foreign = model.vocabulary;
    foreign.leading_space = true;  // unless the file says otherwise
    std::uint64_t type = kUnigram;
    std::uint64_t start = 1;
    std::vector<float> scores;
    for_each_field(file, name, [&](const ProtoField& field) {
        if (field.number == kPieces) {
            const ProtoPiece piece = piece_of(field.bytes, name);
            if (scores.size() >= kMaxVocabulary || piece.text.size() > kMaxTokenBytes ||
                !std::isfinite(piece.score)) {
                fail(name, " cannot be used: piece ", scores.size(), " has ", piece.text.size(),
                     " bytes, and up to ", kMaxVocabulary, " of at most ", kMaxTokenBytes, " can be read");
            }
            foreign.tokens.push_back(bytes_of(piece, scores.size(), name));
            scores.push_back(piece.score);
        } else if (field.number == kTrainer) {
            for_each_field(field.bytes, name, [&](const ProtoField& of_trainer) {
                type = of_trainer.number == kModelType ? of_trainer.value : type;
                start = of_trainer.number == kStartId ? of_trainer.value : start;
            });
        } else if (field.number == kNormalizer) {
            for_each_field(field.bytes, name, [&](const ProtoField& of_text) {
                foreign.leading_space =
                    of_text.number == kDummyPrefix ? of_text.value != 0 : foreign.leading_space;
            });
        }
    });
    if (scores.empty()) {
        fail(name, " is no SentencePiece model: it has no pieces");
    }
    if (type != kPairs) {
        fail(name, " is a SentencePiece model of ", type == kUnigram ? "unigrams" : "another kind",
             ", and only byte-pair encodings can be read");
    }
    if (start < scores.size()) {  // -1, none, is a large number
        model.start = static_cast<Symbol>(start);
    }
    rank_by_scores(scores, foreign);
    return model;
}

Vocabulary sentencepiece_vocabulary(ByteSpan file, std::uint32_t alphabet, std::optional<Symbol> start,
                                    const std::string& name) {
    SentencePieceModel model = read_sentencepiece(file, name);
    if (!start && !model.start) {
        fail(name, " does not say which token begins a context; name it with --start");
    }
    return vocabulary_from(std::move(model.vocabulary), alphabet, start ? *start : *model.start, name);
}

}  // namespace bitlaw::interop
