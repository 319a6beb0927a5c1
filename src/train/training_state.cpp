#include "bitlaw/train/training_state.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <sstream>

#include <cereal/archives/portable_binary.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/learn/rounding.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/symbols/vocabulary.hpp"
#include "bitlaw/train/run_record.hpp"

namespace bitlaw::train {

using namespace model;
using namespace learn;

namespace {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie in memory");

constexpr std::array<std::uint8_t, 4> kMagic{0x89, 'B', 'L', 'S'};
constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kHashBytes = 8;
constexpr std::size_t kAlignment = 64;

// Bounds that no honest state comes near, so that forged lengths cannot make the reader take more memory.
constexpr std::uint64_t kMostMetadataBytes = 1 << 24;
// Tokens, and for each a length, and ranks or merges.
constexpr std::uint64_t kMostVocabularyBytes = std::uint64_t{1} << 25;
constexpr std::uint64_t kMostSources = 4096;
constexpr std::uint64_t kMostNameBytes = 1024;
// 4,096 weights of 24 digits and a comma each are 100 KiB; the same bound as a model's record, which holds
// the same text.
constexpr std::uint64_t kMostOptionsBytes = 1 << 20;

constexpr std::uint64_t padded(std::uint64_t size) {
    return (size + kAlignment - 1) / kAlignment * kAlignment;
}

// The seed in a run's options; 0 when there is none.
std::uint64_t seed_of(const std::string& options) {
    const std::string text = record_value(options, "seed").value_or("");
    std::uint64_t seed = 0;
    std::from_chars(text.data(), text.data() + text.size(), seed);
    return seed;
}

// What cereal carries: the progress and the optimizer's two scalars.
struct Metadata {
    TrainingProgress progress;
    double beta1_power = 1.0;
    double beta2_power = 1.0;
};

template <class Archive>
void length(Archive& archive, std::uint64_t& value, std::uint64_t most, const char* what) {
    archive(value);
    if (value > most) {
        fail("it claims ", value, " for its ", what, ", at most ", most, " are allowed");
    }
}

template <class Archive>
void text(Archive& archive, std::string& value, std::uint64_t most, const char* what) {
    std::uint64_t size = value.size();
    length(archive, size, most, what);
    value.resize(size);
    archive(cereal::binary_data(value.data(), value.size()));
}

template <class Archive>
void sources(Archive& archive, std::vector<DataSource>& list) {
    std::uint64_t count = list.size();
    length(archive, count, kMostSources, "number of data files");
    for (std::uint64_t i = 0; i < count; ++i) {
        if constexpr (Archive::is_loading::value) {
            list.emplace_back();  // one by one: a forged count ends with the bytes
        }
        DataSource& source = list[i];
        text(archive, source.name, kMostNameBytes, "file name's length");
        archive(source.hash, source.begin, source.bytes);
    }
}

template <class Archive>
void config(Archive& archive, ModelConfig& value) {
    Bytes bytes(kConfigBytes);
    if constexpr (Archive::is_saving::value) {
        ByteWriter writer;
        write_config(writer, value);
        bytes = writer.take();
    }
    archive(cereal::binary_data(bytes.data(), kConfigBytes));
    bytes.resize(config_bytes(bytes.front()));
    archive(cereal::binary_data(bytes.data() + kConfigBytes, bytes.size() - kConfigBytes));
    if constexpr (Archive::is_loading::value) {
        ByteReader reader(bytes, "its config");
        value = read_config(reader);
    }
}

template <class Archive>
void serialize(Archive& archive, Metadata& metadata, std::uint32_t version) {
    if (version != kVersion) {
        fail("its metadata have version ", version, ", this bitlaw reads ", unsigned{kVersion});
    }
    TrainingProgress& progress = metadata.progress;
    config(archive, progress.config);
    text(archive, progress.options, kMostOptionsBytes, "options' length");
    sources(archive, progress.training);
    sources(archive, progress.validation);
    archive(progress.steps, progress.step, progress.tokens);
    archive(progress.position.epoch, progress.position.index);
    archive(progress.mean_bits_per_byte.value, progress.mean_bits_per_byte.count);
    archive(progress.validation_bits_per_byte);
    archive(metadata.beta1_power, metadata.beta2_power);
}

}  // namespace
}  // namespace bitlaw::train

CEREAL_CLASS_VERSION(bitlaw::train::Metadata, bitlaw::train::kVersion)

namespace bitlaw::train {
namespace {

std::string encode_metadata(const Metadata& metadata) {
    std::ostringstream stream;
    {
        cereal::PortableBinaryOutputArchive archive(
            stream, cereal::PortableBinaryOutputArchive::Options::LittleEndian());
        archive(metadata);
    }
    return std::move(stream).str();
}

void check_metadata(const Metadata& metadata) {
    const TrainingProgress& progress = metadata.progress;
    const auto is_power = [](double power) { return power >= 0.0 && power <= 1.0; };
    const bool is_sound = progress.step <= progress.steps && is_power(metadata.beta1_power) &&
                          is_power(metadata.beta2_power) &&
                          std::isfinite(progress.mean_bits_per_byte.value) &&
                          std::isfinite(progress.validation_bits_per_byte) && !progress.training.empty();
    if (!is_sound) {
        fail("its metadata contradict themselves");
    }
}

Metadata decode_metadata(ByteSpan bytes) {
    std::istringstream stream(std::string(bytes.begin(), bytes.end()));
    Metadata metadata;
    try {
        cereal::PortableBinaryInputArchive archive(stream);
        archive(metadata);
    } catch (const cereal::Exception&) {
        fail("its metadata end too early");
    }
    if (static_cast<std::size_t>(stream.tellg()) != bytes.size()) {
        fail("its metadata are followed by more bytes");
    }
    check_metadata(metadata);
    return metadata;
}

ByteSpan bytes_of(std::span<const float> values) {
    return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()};
}

ByteSpan bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The fixed 64 bytes at the start of the file.
struct Header {
    std::uint64_t parameters;
    std::uint64_t metadata_bytes;
    std::uint64_t metadata_hash;
    std::uint64_t row_steps = 0;         // behind the tensors
    std::uint64_t vocabulary_bytes = 0;  // behind these; 0: there is none

    [[nodiscard]] std::uint64_t tensor_bytes() const { return padded(parameters * sizeof(float)); }
    [[nodiscard]] std::uint64_t tensors_begin() const { return padded(kHeaderBytes + metadata_bytes); }
    [[nodiscard]] std::uint64_t row_steps_begin() const { return tensors_begin() + 3 * tensor_bytes(); }
    [[nodiscard]] std::uint64_t file_bytes() const {
        return vocabulary_begin() + vocabulary_bytes + kHashBytes;
    }
    [[nodiscard]] std::uint64_t vocabulary_begin() const {
        return row_steps_begin() + row_steps * sizeof(float);
    }
};

Bytes encode_header(const Header& header) {
    ByteWriter writer;
    writer.bytes(kMagic);
    writer.u8(kVersion);
    writer.u8(0);
    writer.u16(kArithmeticVersion);
    writer.u64(header.file_bytes());
    writer.u64(header.parameters);
    writer.u64(header.metadata_bytes);
    writer.u64(header.metadata_hash);
    writer.u64(header.row_steps);
    writer.u64(header.vocabulary_bytes);
    const Bytes zeros(kHeaderBytes - writer.size());
    writer.bytes(zeros);
    return writer.take();
}

Header decode_header(ByteSpan file) {
    if (file.size() < kMagic.size() || !std::equal(kMagic.begin(), kMagic.end(), file.begin())) {
        fail("it does not begin as a bitlaw training state does");
    }
    if (file.size() < kHeaderBytes + kHashBytes) {
        fail("it ends too early");
    }
    ByteReader reader(file, "the training state");
    (void)reader.bytes(kMagic.size());
    const unsigned version = reader.u8();
    if (version != kVersion) {
        fail("it has version ", version, ", this bitlaw reads ", unsigned{kVersion});
    }
    (void)reader.u8();
    const std::uint16_t arithmetic = reader.u16();
    if (arithmetic != kArithmeticVersion) {
        fail("it was made with arithmetic version ", arithmetic, ", this bitlaw computes with ",
             kArithmeticVersion);
    }
    const std::uint64_t file_bytes = reader.u64();
    const Header header{.parameters = reader.u64(),
                        .metadata_bytes = reader.u64(),
                        .metadata_hash = reader.u64(),
                        .row_steps = reader.u64(),
                        .vocabulary_bytes = reader.u64()};
    // 2^31 parameters are the most that a config may have; the bounds also keep the sizes below from wrapping
    // around.
    if (header.parameters > std::uint64_t{1} << 31 || header.metadata_bytes > kMostMetadataBytes ||
        header.row_steps > header.parameters || header.vocabulary_bytes > kMostVocabularyBytes) {
        fail("it claims impossible sizes");
    }
    if (file_bytes != header.file_bytes() || file.size() != file_bytes) {
        fail("it has ", file.size(), " bytes and should have ", header.file_bytes());
    }
    return header;
}

Floats read_tensor(ByteSpan file, const Header& header, std::size_t index) {
    Floats values(header.parameters);
    const ByteSpan bytes =
        file.subspan(header.tensors_begin() + index * header.tensor_bytes(), values.size() * sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

TrainingState decode(ByteSpan file) {
    const Header header = decode_header(file);
    const ByteSpan body = file.first(file.size() - kHashBytes);
    ByteReader trailer(file.last(kHashBytes), "its hash");
    const ByteSpan metadata_bytes = file.subspan(kHeaderBytes, header.metadata_bytes);
    if (trailer.u64() != hash64(body) || header.metadata_hash != hash64(metadata_bytes)) {
        fail("its hash does not fit its content");
    }
    Metadata metadata = decode_metadata(metadata_bytes);
    if (parameter_count(metadata.progress.config) != header.parameters) {
        fail("its config and its number of parameters disagree");
    }
    if (header.row_steps != 0 &&
        header.row_steps != rounded_rows(Layout(network_spec(metadata.progress.config)))) {
        fail("its config and its number of rounded rows disagree");
    }
    std::vector<float> row_steps(header.row_steps);
    const ByteSpan steps = file.subspan(header.row_steps_begin(), header.row_steps * sizeof(float));
    std::copy(steps.begin(), steps.end(), reinterpret_cast<std::uint8_t*>(row_steps.data()));
    if (header.vocabulary_bytes > 0) {
        metadata.progress.vocabulary =
            std::make_shared<const symbols::Vocabulary>(symbols::Vocabulary::decode(
                file.subspan(header.vocabulary_begin(), header.vocabulary_bytes), "its vocabulary"));
        if (metadata.progress.vocabulary->size() != metadata.progress.config.alphabet) {
            fail("its config and its vocabulary disagree");
        }
    }
    return {.progress = std::move(metadata.progress),
            .weights = read_tensor(file, header, 0),
            .moments = {.first = read_tensor(file, header, 1),
                        .second = read_tensor(file, header, 2),
                        .beta1_power = metadata.beta1_power,
                        .beta2_power = metadata.beta2_power},
            .row_steps = std::move(row_steps)};
}

}  // namespace

void MovingMean::add(double x) {
    ++count;
    value += (x - value) / static_cast<double>(std::min(count, kSpan));
}

void save_state(const std::filesystem::path& path, const TrainingProgress& progress,
                std::span<const float> weights, const AdamMoments& moments,
                std::span<const float> row_steps) {
    BITLAW_ASSERT(moments.first.size() == weights.size() && moments.second.size() == weights.size());
    const std::string metadata = encode_metadata(
        {.progress = progress, .beta1_power = moments.beta1_power, .beta2_power = moments.beta2_power});
    const Bytes vocabulary = progress.vocabulary == nullptr ? Bytes{} : progress.vocabulary->encode();
    const Header header{.parameters = weights.size(),
                        .metadata_bytes = metadata.size(),
                        .metadata_hash = hash64(bytes_of(metadata)),
                        .row_steps = row_steps.size(),
                        .vocabulary_bytes = vocabulary.size()};
    OutputFile file(path);
    Hasher hasher;
    std::uint64_t position = 0;
    const auto append = [&](ByteSpan bytes) {
        hasher.update(bytes);
        file.write(bytes);
        position += bytes.size();
    };
    const auto pad = [&] { append(Bytes(padded(position) - position)); };
    append(encode_header(header));
    append(bytes_of(metadata));
    pad();
    for (const std::span<const float> tensor :
         {weights, std::span(moments.first), std::span(moments.second)}) {
        append(bytes_of(tensor));
        pad();
    }
    append(bytes_of(row_steps));
    append(vocabulary);
    ByteWriter trailer;
    trailer.u64(hasher.digest());
    file.write(trailer.data());
    file.commit();
}

TrainingState decode_state(ByteSpan file, const std::string& name) {
    try {
        return decode(file);
    } catch (const Error& error) {
        fail(name, " is no training state that can be resumed: ", error.what(),
             "; start the run anew or restore the file");
    }
}

TrainingState load_state(const std::filesystem::path& path) {
    const MappedFile file(path);
    return decode_state(file.bytes(), path.string());
}

StoredModel trained_model(const TrainingState& state) {
    const TrainingProgress& progress = state.progress;
    Model model(progress.config);
    model.weights = state.weights;
    model.vocabulary = progress.vocabulary;
    const TrainingRecord record{.training = progress.training,
                                .validation = progress.validation,
                                .seed = seed_of(progress.options),
                                .steps = progress.step,
                                .tokens = progress.tokens,
                                .options = progress.options,
                                .training_bits_per_byte = progress.mean_bits_per_byte.value};
    return decode_model(encode_model(model, WeightFormatId::fp32, &record), "the model of the state");
}

}  // namespace bitlaw::train
