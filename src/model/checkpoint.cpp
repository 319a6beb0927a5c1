#include "bitlaw/model/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "bitlaw/base/content_sample.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/mapped_pages.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/symbols/vocabulary.hpp"

namespace bitlaw::model {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic{0x89, 'B', 'L', 'M'};
constexpr std::uint8_t kFormatVersion = 2;
constexpr std::uint8_t kHasRecord = 1;  // flags
constexpr std::uint8_t kHasSample = 2;
constexpr std::uint8_t kHasVocabulary = 4;

// A file so large is not read into memory beside its weights.
constexpr std::uint64_t kMinMappedBytes = std::uint64_t{1} << 26;

// What a training writes into its folder when it begins.
constexpr const char* kTrainingFile = "run.json";
// Config's bound of 2^31 parameters at 4 bytes, and room for the rest.
constexpr std::uint64_t kMostFileBytes =
    (std::uint64_t{1} << 33) + kMostRecordBytes + kMostSampleBytes + 4096;

std::uint64_t id_of(const ModelConfig& config, WeightFormatId format, ByteSpan weights, ByteSpan vocabulary) {
    ByteWriter front;
    write_config(front, config);
    front.u16(kArithmeticVersion);
    front.u8(static_cast<std::uint8_t>(format));
    Hasher hasher;
    hasher.update(front.data());
    hasher.update(weights);
    hasher.update(vocabulary);
    return hasher.digest();
}

Bytes vocabulary_bytes(const Model& model) {
    return model.vocabulary == nullptr ? Bytes{} : model.vocabulary->encode();
}

ModelConfig parse_config(ByteReader& reader, const std::string& name) {
    try {
        return read_config(reader);
    } catch (const Error& error) {
        fail(name, " cannot be used: ", error.what());
    }
}

ByteSpan vocabulary_section(ByteSpan rest, const std::string& name) {
    ByteReader reader(rest, name);
    const std::uint32_t size = reader.u32();
    if (size == 0 || size > reader.remaining()) {
        fail(name, " is damaged: its vocabulary has ", size, " bytes, of which ", reader.remaining(),
             " are there; copy it again or train it again");
    }
    return reader.bytes(size);
}

symbols::Vocabulary read_vocabulary(ByteSpan bytes, const ModelConfig& config, const std::string& name) {
    symbols::Vocabulary vocabulary = symbols::Vocabulary::decode(bytes, name + "'s vocabulary");
    if (vocabulary.size() != config.alphabet) {
        fail(name, " is damaged: its vocabulary has ", vocabulary.size(),
             " tokens, and the network predicts ", config.alphabet);
    }
    return vocabulary;
}

}  // namespace

std::uint64_t model_id(const Model& model, WeightFormatId format) {
    return id_of(model.config, format, weight_bytes(model, format), vocabulary_bytes(model));
}

Bytes encode_model(const Model& model, WeightFormatId format, const TrainingRecord* record) {
    constexpr std::size_t kRoom = 1 << 16;  // for all but weights and vocabulary, mostly
    const Bytes vocabulary = vocabulary_bytes(model);
    ByteWriter writer;
    writer.bytes(kMagic);
    writer.u8(kFormatVersion);
    const bool has_sample = record != nullptr && !record->content.empty();
    writer.u8((record != nullptr ? kHasRecord : 0) | (has_sample ? kHasSample : 0) |
              (vocabulary.empty() ? 0 : kHasVocabulary));
    writer.u16(kArithmeticVersion);
    write_config(writer, model.config);
    writer.u8(static_cast<std::uint8_t>(format));
    // The weights go into the file tensor by tensor, so that a large model's are not there twice; id and
    // length stand before them.
    Bytes file = writer.take();
    const std::size_t id_at = file.size();
    const std::size_t weights_at = id_at + 2 * sizeof(std::uint64_t);
    file.reserve(weights_at + kRoom + vocabulary.size() +
                 static_cast<std::size_t>(weight_bytes_count(model.config, format).value_or(0)));
    file.resize(weights_at);
    append_weights(model, format, file);
    const ByteSpan weights = ByteSpan(file).subspan(weights_at);
    writer.u64(id_of(model.config, format, weights, vocabulary));
    writer.u64(weights.size());
    std::copy(writer.data().begin(), writer.data().end(), file.begin() + static_cast<std::ptrdiff_t>(id_at));
    writer = ByteWriter();
    if (!vocabulary.empty()) {
        writer.u32(static_cast<std::uint32_t>(vocabulary.size()));
        writer.bytes(vocabulary);
    }
    if (record != nullptr) {
        const std::string text = encode_record(*record);
        writer.u32(static_cast<std::uint32_t>(text.size()));
        writer.bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
    if (has_sample) {
        require_sample(record->content);
        writer.u32(static_cast<std::uint32_t>(record->content.size()));
        writer.bytes(record->content);
    }
    file.insert(file.end(), writer.data().begin(), writer.data().end());
    ByteWriter hash;
    hash.u64(hash64(file));
    file.insert(file.end(), hash.data().begin(), hash.data().end());
    return file;
}

StoredModel converted(const StoredModel& model, WeightFormatId format) {
    if (format == model.format) {
        return model;
    }
    TrainingRecord record = model.record;
    record.options += "exported_from=" + hex64(model.id) + "\n";
    record.validation_bits_per_byte = 0;  // it was measured with the other weights
    return decode_model(encode_model(model.model, format, &record), "the converted model");
}

namespace {

// `mapped`: the file whose bytes these are, whose pages need not stay in memory once they are read; or null.
StoredModel decode(ByteSpan file, const std::string& name, const MappedFile* mapped) {
    const auto forget = [&] {
        if (mapped != nullptr) {
            forget_pages(*mapped, file);
        }
    };
    constexpr const char* kAgain = "; copy it again or train it again";
    constexpr std::size_t kHashBytes = 8;
    if (file.size() < kMagic.size() || !std::equal(kMagic.begin(), kMagic.end(), file.begin())) {
        fail(name, " is not a bitlaw model; name a file that `bitlaw train` has written");
    }
    if (file.size() > kMagic.size() && file[kMagic.size()] != kFormatVersion) {
        fail(name, " has format version ", int{file[kMagic.size()]}, ", and this program reads version ",
             int{kFormatVersion}, "; use the bitlaw that wrote it, or copy it again if it is damaged");
    }
    if (file.size() < kMagic.size() + kHashBytes) {
        fail(name, " is truncated: it has only ", file.size(), " bytes", kAgain);
    }
    const ByteSpan content = file.first(file.size() - kHashBytes);
    if (ByteReader(file.last(kHashBytes), name).u64() != hash64(content)) {
        fail(name, " is truncated or damaged: its hash does not match its ", file.size(), " bytes", kAgain);
    }
    forget();
    ByteReader reader(content, name);
    (void)reader.bytes(kMagic.size() + 1);
    const std::uint8_t flags = reader.u8();
    if (flags > (kHasRecord | kHasSample | kHasVocabulary) ||
        (flags & (kHasRecord | kHasSample)) == kHasSample) {
        fail(name, " is damaged: unknown flags ", int{flags}, kAgain);
    }
    const std::uint16_t arithmetic = reader.u16();
    if (arithmetic != kArithmeticVersion) {
        fail(name, " was trained for arithmetic version ", arithmetic, ", and this program computes version ",
             kArithmeticVersion, "; use the bitlaw that wrote it, or train it again");
    }
    const ModelConfig config = parse_config(reader, name);
    const std::uint8_t format_code = reader.u8();
    if (!is_weight_format(format_code)) {
        fail(name, " is damaged: unknown precision ", int{format_code}, kAgain);
    }
    const auto format = static_cast<WeightFormatId>(format_code);
    const std::uint64_t id = reader.u64();
    const std::optional<std::uint64_t> expected = weight_bytes_count(config, format);
    const std::uint64_t weights = reader.u64();
    if (weights != expected.value_or(weights) || weights > reader.remaining()) {
        fail(name, " is damaged: it should hold ", expected.value_or(weights), " bytes of weights, says ",
             weights, " and has ", reader.remaining(), kAgain);
    }
    if (!expected && parameter_count(config) > kMaxCodedParameters) {
        fail(name, " has ", parameter_count(config), " weights, and at most ", kMaxCodedParameters,
             " can be stored as ", weight_format_name(format), "; use another format");
    }
    const ByteSpan raw = content.subspan(reader.position(), static_cast<std::size_t>(weights));
    const ByteSpan vocabulary =
        (flags & kHasVocabulary) != 0
            ? vocabulary_section(content.subspan(reader.position() + raw.size()), name)
            : ByteSpan{};
    if (id_of(config, format, raw, vocabulary) != id) {
        fail(name, " is damaged: its model id ", hex64(id), " does not fit its weights", kAgain);
    }
    forget();
    StoredModel stored{Model(config), format, id, {}, 0};
    read_weights(reader, format, stored.model, name, forget);
    if (!vocabulary.empty()) {
        (void)reader.u32();
        (void)reader.bytes(vocabulary.size());
        stored.model.vocabulary =
            std::make_shared<const symbols::Vocabulary>(read_vocabulary(vocabulary, config, name));
    }
    stored.stored_bytes = reader.position() + kHashBytes;
    if ((flags & kHasRecord) != 0) {
        const std::uint32_t size = reader.u32();
        if (size > kMostRecordBytes) {
            fail(name, " is damaged: its training record has ", size, " bytes", kAgain);
        }
        try {
            stored.record = decode_record(reader.bytes(size));
        } catch (const Error& error) {
            fail(name, " is damaged in its training record: ", error.what(), kAgain);
        }
    }
    if ((flags & kHasSample) != 0) {
        const std::uint32_t size = reader.u32();
        if (size == 0 || size > kMostSampleBytes) {
            fail(name, " is damaged: its sample of the training data has ", size, " bytes", kAgain);
        }
        const ByteSpan sample = reader.bytes(size);
        try {
            require_sample(sample);
        } catch (const Error& error) {
            fail(name, " is damaged: ", error.what(), kAgain);
        }
        stored.record.content.assign(sample.begin(), sample.end());
    }
    if (reader.remaining() != 0) {
        fail(name, " is damaged: ", reader.remaining(), " bytes follow its end", kAgain);
    }
    return stored;
}

}  // namespace

StoredModel decode_model(ByteSpan file, const std::string& name) { return decode(file, name, nullptr); }

std::filesystem::path model_file(const std::filesystem::path& path) {
    std::error_code ignored;  // what cannot be looked at is reported when it is read
    return std::filesystem::is_directory(path, ignored) ? path / kModelFile : path;
}

StoredModel load_model(const std::filesystem::path& path) {
    const std::filesystem::path file = model_file(path);
    std::error_code ignored;
    if (file != path && !std::filesystem::exists(file, ignored) &&
        std::filesystem::exists(path / kTrainingFile, ignored)) {
        fail(path.string(),
             " holds a training that has not ended and so no model yet; resume it, or take its weights as "
             "they are with 'bitlaw export --from-state'");
    }
    const std::uintmax_t bytes = std::filesystem::file_size(file, ignored);
    if (ignored || bytes < kMinMappedBytes || bytes > kMostFileBytes) {
        return decode_model(read_file(file, kMostFileBytes), file.string());
    }
    const MappedFile mapped(file);
    return decode(mapped.bytes(), file.string(), &mapped);
}

std::optional<std::uint64_t> peek_model_id(const std::filesystem::path& file) {
    const MappedFile mapped(file);
    const ByteSpan bytes = mapped.bytes();
    if (bytes.size() < kMagic.size() + 1 || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin()) ||
        bytes[kMagic.size()] != kFormatVersion) {
        return {};
    }
    try {
        ByteReader reader(bytes, file.string());
        (void)reader.bytes(kMagic.size() + 1 + 1 + 2);  // version, flags, arithmetic version
        (void)read_config(reader);
        (void)reader.u8();  // format
        return reader.u64();
    } catch (const Error&) {
        return {};
    }
}

void save_model(const std::filesystem::path& path, const Model& model, WeightFormatId format,
                const TrainingRecord& record) {
    write_file(path, encode_model(model, format, &record));
}

}  // namespace bitlaw::model
