#include "bitlaw/datasets/manifest.hpp"

#include <array>
#include <charconv>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/json.hpp"
#include "bitlaw/base/json_value.hpp"
#include "bitlaw/base/text_file.hpp"

namespace bitlaw::datasets {
namespace {

constexpr std::array<DataKind, 4> kKinds{DataKind::text, DataKind::images, DataKind::audio, DataKind::random};

std::string number_or_null(const std::optional<std::uint64_t>& value) {
    return value ? std::to_string(*value) : "null";
}

std::uint64_t parse_hash(const std::string& text, const std::string& name) {
    std::uint64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() != 16 || result.ptr != text.data() + text.size()) {
        fail(name, " holds '", text, "' where a hash belongs; make the data set again with 'bitlaw data'");
    }
    return value;
}

}  // namespace

const char* data_kind_name(DataKind kind) {
    switch (kind) {
        case DataKind::images: return "images";
        case DataKind::audio: return "audio";
        case DataKind::random: return "random";
        default: return "text";
    }
}

std::string manifest_json(const Manifest& m) {
    std::string json =
        text_of("{\"kind\": ", json_text(data_kind_name(m.kind)), ",\n \"bytes\": ", m.bytes,
                ",\n \"chunk_bytes\": ", kChunkBytes, ",\n \"chunks\": ", m.bytes / kChunkBytes,
                ",\n \"hash\": ", json_text(hex64(m.hash)), ",\n \"row_bytes\": ", m.shape.row_bytes,
                ",\n \"sample_bytes\": ", m.shape.sample_bytes, ",\n \"rule\": ", json_text(m.rule),
                ",\n \"decoders\": ", json_text(m.decoders), ",\n \"dropped\": ", m.dropped,
                ",\n \"files_found\": ", m.found, ",\n \"files_ignored\": ", m.ignored,
                ",\n \"skip\": ", m.skip, ",\n \"first\": ", number_or_null(m.first),
                ",\n \"seed\": ", number_or_null(m.seed), ",\n \"sources\": [");
    for (std::size_t i = 0; i < m.sources.size(); ++i) {
        const SourceFile& s = m.sources[i];
        json += text_of(i == 0 ? "\n  " : ",\n  ", "{\"name\": ", json_text(s.name),
                        ", \"hash\": ", json_text(hex64(s.hash)), ", \"file_bytes\": ", s.file_bytes,
                        ", \"bytes\": ", s.bytes, ", \"detail\": ", json_text(s.detail), "}");
    }
    json += "],\n \"skipped\": [";
    for (std::size_t i = 0; i < m.skipped.size(); ++i) {
        json += text_of(i == 0 ? "\n  " : ",\n  ", "{\"name\": ", json_text(m.skipped[i].name),
                        ", \"reason\": ", json_text(m.skipped[i].reason), "}");
    }
    return json + "]}\n";
}

Manifest parse_manifest(const std::string& text, const std::string& name) {
    const JsonValue json = JsonValue::parse(text, name);
    Manifest m;
    bool known = false;
    for (const DataKind kind : kKinds) {
        if (json["kind"].text_or("") == data_kind_name(kind)) {
            m.kind = kind;
            known = true;
        }
    }
    m.bytes = json["bytes"].integer_or(0);
    const std::uint64_t row = json["row_bytes"].integer_or(0);
    const std::uint64_t sample = json["sample_bytes"].integer_or(0);
    // A row must fit in a chunk's image; sound has one or two bytes a sample.
    if (!known || m.bytes == 0 || row < 1 || row > kChunkBytes || sample < 1 || sample > 2) {
        fail(name, " is no manifest of a data set; make the data set again with 'bitlaw data', or move ",
             name, " away to read the file as plain bytes");
    }
    m.shape = {static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(sample)};
    m.hash = parse_hash(json["hash"].text_or(""), name);
    m.rule = json["rule"].text_or("");
    m.decoders = json["decoders"].text_or("");
    m.dropped = json["dropped"].integer_or(0);
    m.found = json["files_found"].integer_or(0);
    m.ignored = json["files_ignored"].integer_or(0);
    for (const JsonValue& item : json["sources"].items()) {
        m.sources.push_back({.name = item["name"].text_or(""),
                             .hash = parse_hash(item["hash"].text_or(""), name),
                             .file_bytes = item["file_bytes"].integer_or(0),
                             .bytes = item["bytes"].integer_or(0),
                             .detail = item["detail"].text_or("")});
    }
    for (const JsonValue& item : json["skipped"].items()) {
        m.skipped.push_back({item["name"].text_or(""), item["reason"].text_or("")});
    }
    return m;
}

std::optional<Manifest> find_manifest(const std::filesystem::path& data) {
    constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;  // a line a file: millions of files
    std::filesystem::path path = data;
    path += kManifestSuffix;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        return std::nullopt;
    }
    return parse_manifest(read_text(path, kMostBytes), path.string());
}

}  // namespace bitlaw::datasets
