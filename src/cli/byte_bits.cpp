#include "byte_bits.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>
#include <numeric>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/format/json.hpp"
#include "byte_page.hpp"
#include "failure.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace coding;
using namespace format;
using namespace model;

namespace {

// What the page says of a byte: the likeliest bytes.
constexpr std::size_t kLikely = 5;

struct Likely {
    std::uint8_t byte = 0;
    double share = 0;
};
using LikelyBytes = std::array<Likely, kLikely>;

struct ByteCosts {
    std::vector<double> bits;         // [n]
    std::vector<LikelyBytes> likely;  // [at most n], of the first bytes; empty where bits were predicted
    [[nodiscard]] double sum() const { return std::accumulate(bits.begin(), bits.end(), 0.0); }
};

LikelyBytes likeliest(std::span<const std::uint32_t> frequencies) {
    std::array<std::uint16_t, 256> order{};
    const std::size_t count = std::min(frequencies.size(), order.size());
    std::iota(order.begin(), order.end(), std::uint16_t{0});
    const std::size_t shown = std::min(kLikely, count);
    // Of equal ones the first: the page is the same everywhere.
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown),
                      order.begin() + static_cast<std::ptrdiff_t>(count),
                      [&](std::uint16_t a, std::uint16_t b) {
                          return std::pair(frequencies[b], a) < std::pair(frequencies[a], b);
                      });
    const auto total =
        static_cast<double>(std::accumulate(frequencies.begin(), frequencies.end(), std::uint64_t{0}));
    LikelyBytes result;
    for (std::size_t i = 0; i < shown; ++i) {
        result[i] = {static_cast<std::uint8_t>(order[i]), frequencies[order[i]] / total};
    }
    return result;
}

// `shown`: how many of the first bytes the page shows.
ByteCosts costs_of(const ByteSubject& subject, const CompressOptions& asked, std::size_t shown, bool speaks) {
    ByteCosts costs{.bits = std::vector<double>(subject.bytes.size()), .likely = {}};
    const bool has_likely = &asked == subject.network;
    costs.likely.resize(has_likely ? std::min(shown, subject.bytes.size()) : 0);
    CompressOptions options = asked;
    ProgressLine line(speaks);
    Progress progress(subject.bytes.size());
    options.progress = [&](std::uint64_t done, std::uint64_t) {
        throw_if_stopped("nothing was written");
        if (line.active() && progress.due()) {
            line.show(printable(subject.name) + " byte by byte" + progress.line(done, 0, 0));
        }
    };
    // Streams are visited by several threads, but no byte by two.
    trace(subject.model, options, subject.bytes, [&](const TracedByte& byte) {
        costs.bits[byte.place] = byte.bits;
        if (byte.place < costs.likely.size() && !byte.frequencies.empty()) {
            costs.likely[byte.place] = likeliest(byte.frequencies);
        }
    });
    return costs;
}

// A file of NumPy's format 1.0: float64 [n].
Bytes npy_file(const std::vector<double>& values) {
    std::string header =
        fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}", values.size());
    constexpr std::size_t kPreamble = 10;
    constexpr std::size_t kAlignment = 64;
    header.append((2 * kAlignment - (kPreamble + header.size() + 1) % kAlignment) % kAlignment, ' ');
    header += '\n';
    ByteWriter writer;
    writer.u8(0x93);
    for (const char c : std::string_view("NUMPY\x01\x00", 7)) {
        writer.u8(static_cast<std::uint8_t>(c));
    }
    writer.u16(static_cast<std::uint16_t>(header.size()));
    for (const char c : header) {
        writer.u8(static_cast<std::uint8_t>(c));
    }
    for (const double value : values) {
        writer.f64(value);
    }
    return writer.take();
}

std::string csv_file(ByteSpan bytes, const std::vector<double>& bits) {
    std::string text = "place,byte,bits\n";
    for (std::size_t i = 0; i < bits.size(); ++i) {
        fmt::format_to(std::back_inserter(text), "{},{},{}\n", i, bytes[i], exact_text(bits[i]));
    }
    return text;
}

std::string base64(ByteSpan bytes) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        const std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                    (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0) |
                                    (left > 2 ? bytes[i + 2] : 0U);
        text += kDigits[group >> 18];
        text += kDigits[group >> 12 & 63];
        text += left > 1 ? kDigits[group >> 6 & 63] : '=';
        text += left > 2 ? kDigits[group & 63] : '=';
    }
    return text;
}

// In units of 2^-11 bit: a byte costs less than 32.
std::uint16_t packed_bits(double bits) {
    return static_cast<std::uint16_t>(std::clamp(bits * 2048 + 0.5, 0.0, 65535.0));
}

// Nothing but digits of base64 and numbers comes from the bytes, and the name has no <: whatever they are,
// they stay texts.
std::string page_of(const ByteSubject& subject, const ByteCosts* network, const ByteCosts* mixing,
                    std::size_t shown) {
    ByteWriter bits;
    ByteWriter likely;
    for (std::size_t i = 0; i < shown; ++i) {
        for (const ByteCosts* costs : {network, mixing}) {
            if (costs != nullptr) {
                bits.u16(packed_bits(costs->bits[i]));
            }
        }
        if (network != nullptr) {
            for (const Likely& one : network->likely[i]) {
                likely.u8(one.byte);
                likely.u16(static_cast<std::uint16_t>(one.share * 65535 + 0.5));
            }
        }
    }
    Json ways = Json::array();
    const auto add = [&](const char* name, const ByteCosts* costs) {
        if (costs != nullptr) {
            ways.push_back({{"name", name}, {"bits", costs->sum()}});
        }
    };
    add("network", network);
    add(network == nullptr ? "experts" : "network and experts, mixed", mixing);
    const Json json{{"name", subject.name},
                    {"size", subject.bytes.size()},
                    {"shown", shown},
                    {"ways", std::move(ways)},
                    {"likely", network == nullptr ? 0 : kLikely},
                    {"bytes", base64(subject.bytes.first(shown))},
                    {"bits", base64(bits.data())},
                    {"shares", base64(likely.data())}};
    return text_of(kBytePageBegin, json_in_page(json), kBytePageEnd);
}

std::string suffix_of(const std::string& path) { return std::filesystem::path(path).extension().string(); }

}  // namespace

void check_byte_options(const EvalArguments& a) {
    if (a.per_byte.empty() && a.html.empty()) {
        return;
    }
    if (a.copying || a.experts || a.data.size() != 1) {
        fail_usage(
            "--per-byte and --html are of one file; give --data one name, without --copying or --experts");
    }
    if (!a.per_byte.empty() && suffix_of(a.per_byte) != ".npy" && suffix_of(a.per_byte) != ".csv") {
        fail_usage("--per-byte ", a.per_byte, ": the suffix says how it is written; choose .npy or .csv");
    }
    if (a.protocol == Protocol::chunked && a.chunk_bytes > kMaxBlockBytes) {
        fail_usage("--per-byte and --html take chunks of at most ", kMaxBlockBytes, " bytes");
    }
}

void write_byte_bits(const EvalArguments& a, const ByteSubject& subject) {
    const std::size_t shown = a.html.empty() ? 0 : std::min<std::size_t>(subject.bytes.size(), a.html_bytes);
    const bool speaks = a.common.quiet == 0;
    std::optional<ByteCosts> network;
    std::optional<ByteCosts> mixing;
    // The network's own bits beside a mixture are the page's only.
    if (subject.network != nullptr && (subject.mixing == nullptr || shown > 0)) {
        network = costs_of(subject, *subject.network, shown, speaks);
    }
    if (subject.mixing != nullptr) {
        mixing = costs_of(subject, *subject.mixing, shown, speaks);
    }
    const ByteCosts& measured = mixing ? *mixing : *network;
    if (speaks) {
        const double sum = measured.sum();
        const double count = std::max<double>(1, static_cast<double>(subject.bytes.size()));
        note(fmt::format("{}: the bytes cost {:.3f} bits, {:.4f} bits/byte, without the archive's own",
                         printable(subject.name), sum, sum / count));
    }
    if (!a.per_byte.empty()) {
        if (suffix_of(a.per_byte) == ".npy") {
            write_file(a.per_byte, npy_file(measured.bits));
        } else {
            write_file(a.per_byte, csv_file(subject.bytes, measured.bits));
        }
    }
    if (!a.html.empty()) {
        write_file(a.html,
                   page_of(subject, network ? &*network : nullptr, mixing ? &*mixing : nullptr, shown));
        if (shown < subject.bytes.size() && speaks) {
            note(text_of(printable(a.html), ": shows the first ", with_commas(shown), " of ",
                         with_commas(subject.bytes.size()),
                         " bytes; --html-bytes shows more, --data FILE@BEGIN:END "
                         "others"));
        }
    }
}

}  // namespace bitlaw::cli
