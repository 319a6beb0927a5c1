#include "bitlaw/model/training_record.hpp"

#include <limits>
#include <sstream>
#include <utility>

#include <cereal/archives/portable_binary.hpp>
#include <cereal/cereal.hpp>

#include "bitlaw/base/error.hpp"

namespace bitlaw::model {
namespace {

constexpr std::uint32_t kRecordVersion = 1;

// Bounds of a record, so that a damaged length cannot make a reader allocate much.
constexpr std::uint64_t kMostNameBytes = 4096;
constexpr std::uint64_t kMostOptionBytes = 1 << 20;
constexpr std::uint64_t kMostSources = 65536;

template <class Archive>
void save_text(Archive& archive, const std::string& text, std::uint64_t most) {
    if (text.size() > most) {
        fail("the training record holds a text of ", text.size(), " bytes, and at most ", most,
             " can be saved; use shorter names or options");
    }
    archive(cereal::make_size_tag(static_cast<cereal::size_type>(text.size())));
    archive(cereal::binary_data(text.data(), text.size()));
}

template <class Archive>
std::string load_text(Archive& archive, std::uint64_t most) {
    cereal::size_type size = 0;
    archive(cereal::make_size_tag(size));
    if (size > most) {
        fail("a text of ", size, " bytes, but at most ", most, " are possible");
    }
    std::string text(static_cast<std::size_t>(size), '\0');
    archive(cereal::binary_data(text.data(), text.size()));
    return text;
}

template <class Archive>
void save_sources(Archive& archive, const std::vector<DataSource>& sources) {
    if (sources.size() > kMostSources) {
        fail("the training record holds ", sources.size(), " data ranges, and at most ", kMostSources,
             " can be saved; join the files first");
    }
    archive(cereal::make_size_tag(static_cast<cereal::size_type>(sources.size())));
    for (const DataSource& source : sources) {
        save_text(archive, source.name, kMostNameBytes);
        archive(source.hash, source.begin, source.bytes);
    }
}

template <class Archive>
std::vector<DataSource> load_sources(Archive& archive) {
    cereal::size_type count = 0;
    archive(cereal::make_size_tag(count));
    if (count > kMostSources) {
        fail(count, " data ranges, but at most ", kMostSources, " are possible");
    }
    std::vector<DataSource> sources;  // grows with what is there
    for (cereal::size_type i = 0; i < count; ++i) {
        DataSource source;
        source.name = load_text(archive, kMostNameBytes);
        archive(source.hash, source.begin, source.bytes);
        sources.push_back(std::move(source));
    }
    return sources;
}

}  // namespace
}  // namespace bitlaw::model

CEREAL_CLASS_VERSION(bitlaw::model::TrainingRecord, bitlaw::model::kRecordVersion)

namespace cereal {

template <class Archive>
void save(Archive& archive, const bitlaw::model::TrainingRecord& record, std::uint32_t /*version*/) {
    bitlaw::model::save_sources(archive, record.training);
    bitlaw::model::save_sources(archive, record.validation);
    archive(record.seed, record.steps, record.tokens);
    bitlaw::model::save_text(archive, record.options, bitlaw::model::kMostOptionBytes);
    archive(record.training_bits_per_byte, record.validation_bits_per_byte);
}

template <class Archive>
void load(Archive& archive, bitlaw::model::TrainingRecord& record, std::uint32_t version) {
    if (version != bitlaw::model::kRecordVersion) {
        bitlaw::fail("version ", version, ", but this program reads version ", bitlaw::model::kRecordVersion);
    }
    record.training = bitlaw::model::load_sources(archive);
    record.validation = bitlaw::model::load_sources(archive);
    archive(record.seed, record.steps, record.tokens);
    record.options = bitlaw::model::load_text(archive, bitlaw::model::kMostOptionBytes);
    archive(record.training_bits_per_byte, record.validation_bits_per_byte);
}

}  // namespace cereal

namespace bitlaw::model {

std::string encode_record(const TrainingRecord& record) {
    std::ostringstream stream(std::ios::binary);
    cereal::PortableBinaryOutputArchive archive(stream,
                                                cereal::PortableBinaryOutputArchive::Options::LittleEndian());
    archive(record);
    std::string text = std::move(stream).str();
    if (text.size() > kMostRecordBytes) {
        fail("the training record has ", text.size(), " bytes, and at most ", kMostRecordBytes,
             " can be saved; train on fewer files");
    }
    return text;
}

TrainingRecord decode_record(ByteSpan bytes) {
    std::istringstream stream(std::string(bytes.begin(), bytes.end()), std::ios::binary);
    TrainingRecord record;
    try {
        cereal::PortableBinaryInputArchive archive(stream);
        archive(record);
    } catch (const cereal::Exception&) {
        fail("it ends too early");
    }
    if (stream.peek() != std::istringstream::traits_type::eof()) {
        fail("it has bytes after its end");
    }
    for (const double rate : {record.training_bits_per_byte, record.validation_bits_per_byte}) {
        if (!(rate >= 0) || rate > std::numeric_limits<double>::max()) {
            fail("a rate in it is not a number");
        }
    }
    return record;
}

}  // namespace bitlaw::model
