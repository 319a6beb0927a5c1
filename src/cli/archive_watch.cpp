#include "archive_watch.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "failure.hpp"
#include "signals.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace coding;

namespace {

// ", 2 of 7 blocks stored"
std::string blocks_text(std::uint64_t some, std::uint64_t all, const char* what) {
    return some == 0 ? "" : text_of(", ", some, " of ", all, all == 1 ? " block " : " blocks ", what);
}

}  // namespace

double flops_per_byte(const ModelConfig& config, std::uint64_t positions, std::uint64_t reset_every) {
    const std::uint64_t context =
        std::max<std::uint64_t>(1, reset_every == 0 ? positions : std::min(positions, reset_every));
    return forward_flops(config, 0, context) / static_cast<double>(context);
}

ArchiveWatch::ArchiveWatch(const CommonOptions& common, std::string name, std::uint64_t total)
    : line_(common.quiet == 0), progress_(total), name_(printable(std::move(name))), total_(total) {}

void ArchiveWatch::operator()(std::uint64_t plain, std::uint64_t archive) {
    throw_if_stopped("nothing is left half-written");
    if (!line_.active() || !progress_.due()) {
        return;
    }
    const auto done = static_cast<double>(plain);
    const double bits = plain == 0 ? 0.0 : 8.0 * static_cast<double>(archive) / done;
    const double gflops = done * flops_per_byte_ / progress_.seconds() / 1e9;
    line_.show(name_ + (total_ > 0 ? progress_.line(plain, bits, gflops)
                                   : "  " + with_unit(done, "B") + "  " +
                                         with_unit(done / progress_.seconds(), "B/s")));
}

std::string summary_line(const std::string& name, ArchiveMode mode, const CodecSummary& s, double seconds,
                         const std::optional<ByteRange>& range) {
    const bool compresses = mode == ArchiveMode::compress;
    const std::uint64_t from = compresses ? s.plain_bytes : s.archive_bytes;
    const std::uint64_t to = compresses ? s.archive_bytes : s.plain_bytes;
    std::string text = name + ": " + with_commas(from) + " -> " + with_commas(to) + " bytes";
    if (s.plain_bytes > 0 && !range) {
        const double rate = static_cast<double>(s.archive_bytes) / static_cast<double>(s.plain_bytes);
        text += fmt::format(", {:.2f} %, {:.3f} bits/byte", 100.0 * rate, 8.0 * rate);
    }
    if (seconds > 0.0) {
        text += ", " + with_unit(static_cast<double>(s.plain_bytes) / seconds, "B/s");
    }
    if (compresses && s.model_bytes > 0) {
        text += ", the model's " + with_commas(s.model_bytes) + " bytes included";
    }
    text += blocks_text(s.blocks_of(kStored), s.blocks, "stored") +
            blocks_text(s.fallback_blocks(), s.blocks, "coded without the model");
    const char* const done = compresses ? "" : mode == ArchiveMode::test ? ", verified" : ", restored";
    return text + done +
           (range ? text_of(", a range of ", s.blocks, s.blocks == 1 ? " block" : " blocks") : "") +
           (s.replayed_bytes > 0 ? text_of(", ", with_commas(s.replayed_bytes),
                                           " bytes before it replayed: they are one chain")
                                 : "");
}

}  // namespace bitlaw::cli
