#include "bitlaw/datasets/manifest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/format/json.hpp"

namespace bitlaw::datasets {

using namespace format;

namespace {

constexpr std::array<DataKind, 4> kKinds{DataKind::text, DataKind::images, DataKind::audio, DataKind::random};

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
    const auto or_null = [](const std::optional<std::uint64_t>& value) {
        return value ? Json(*value) : Json();
    };
    Json sources = Json::array();
    for (const SourceFile& s : m.sources) {
        sources.push_back({{"name", s.name},
                           {"hash", hex64(s.hash)},
                           {"file_bytes", s.file_bytes},
                           {"bytes", s.bytes},
                           {"detail", s.detail}});
    }
    Json skipped = Json::array();
    for (const SkippedFile& s : m.skipped) {
        skipped.push_back({{"name", s.name}, {"reason", s.reason}});
    }
    return json_file({{"kind", data_kind_name(m.kind)},
                      {"bytes", m.bytes},
                      {"chunk_bytes", kChunkBytes},
                      {"chunks", m.bytes / kChunkBytes},
                      {"hash", hex64(m.hash)},
                      {"row_bytes", m.shape.row_bytes},
                      {"sample_bytes", m.shape.sample_bytes},
                      {"rule", m.rule},
                      {"decoders", m.decoders},
                      {"dropped", m.dropped},
                      {"files_found", m.found},
                      {"files_ignored", m.ignored},
                      {"skip", m.skip},
                      {"first", or_null(m.first)},
                      {"seed", or_null(m.seed)},
                      {"sources", std::move(sources)},
                      {"skipped", std::move(skipped)}});
}

Manifest parse_manifest(const std::string& text, const std::string& name) {
    const Json json = parse_json(text, name);
    const auto text_at = [](const Json& at, const char* key) { return text_in(at, key).value_or(""); };
    const auto count_at = [](const Json& at, const char* key) { return integer_in(at, key).value_or(0); };
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](DataKind known) {
        return text_at(json, "kind") == data_kind_name(known);
    });
    const std::uint64_t bytes = count_at(json, "bytes");
    const std::uint64_t row = count_at(json, "row_bytes");
    const std::uint64_t sample = count_at(json, "sample_bytes");
    // A row must fit in a chunk's image; sound has one or two bytes a sample.
    if (kind == kKinds.end() || bytes == 0 || row < 1 || row > kChunkBytes || sample < 1 || sample > 2) {
        fail(name, " is no manifest of a data set; make the data set again with 'bitlaw data', or move ",
             name, " away to read the file as plain bytes");
    }
    Manifest m{.kind = *kind,
               .shape = {static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(sample)},
               .rule = text_at(json, "rule"),
               .decoders = text_at(json, "decoders"),
               .bytes = bytes,
               .hash = parse_hash(text_at(json, "hash"), name),
               .dropped = count_at(json, "dropped"),
               .found = count_at(json, "files_found"),
               .ignored = count_at(json, "files_ignored")};
    for (const Json& item : member(json, "sources")) {
        m.sources.push_back({.name = text_at(item, "name"),
                             .hash = parse_hash(text_at(item, "hash"), name),
                             .file_bytes = count_at(item, "file_bytes"),
                             .bytes = count_at(item, "bytes"),
                             .detail = text_at(item, "detail")});
    }
    for (const Json& item : member(json, "skipped")) {
        m.skipped.push_back({text_at(item, "name"), text_at(item, "reason")});
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
