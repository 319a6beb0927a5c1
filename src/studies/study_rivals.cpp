#include "bitlaw/studies/study_rivals.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/baselines/compressor_list.hpp"
#include "bitlaw/studies/study_recipe.hpp"
#include "bitlaw/train/corpus.hpp"

namespace bitlaw::studies {

using namespace baselines;
using namespace train;

namespace {

constexpr std::uint64_t kMostRivalBytes = 1 << 20;
constexpr const char* kHeader = "compressor,bytes,compressed_bytes";

std::uint64_t whole_number(const std::string& text) { return whole_value(text, {1, std::uint64_t{1} << 50}); }

}  // namespace

std::vector<ClassicalRate> classical_rates(const StudyConfig& config, const std::string& held_out,
                                           bool second_half) {
    std::vector<ClassicalRate> rates;
    if (config.compressors.empty()) {
        return rates;
    }
    const Corpus corpus({held_out});
    const HeldOutParts parts = held_out_parts(corpus.bytes(0), config.held_out_bytes);
    const ByteSpan bytes = second_half ? parts.report : parts.choose;
    for (const Compressor& compressor : choose_compressors(config.compressors)) {
        const std::uint64_t size = compressor.compress(bytes, {}, [](std::uint64_t) {}).size();
        rates.push_back(
            {compressor.name, size, 8.0 * static_cast<double>(size) / static_cast<double>(bytes.size())});
    }
    return rates;
}

std::vector<RivalRate> rival_rates(const StudyConfig& config) {
    std::vector<RivalRate> rates;
    if (config.rivals.empty()) {
        return rates;
    }
    const std::string text = read_text(config.rivals, kMostRivalBytes);
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size(); ++number) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string line = text.substr(begin, end - begin);
        begin = end + 1;
        const auto wrong = [&](const char* what) {
            fail(config.rivals.string(), ":", number + 1, ": ", what, "; rows are ", kHeader);
        };
        if (number == 0) {
            if (line != kHeader) {
                wrong("the header is not that of rivals");
            }
            continue;
        }
        const std::size_t second = line.rfind(',');
        const std::size_t first =
            second == std::string::npos || second == 0 ? std::string::npos : line.rfind(',', second - 1);
        if (first == std::string::npos) {
            wrong("the row has less than three fields");
        }
        try {
            const auto bytes = static_cast<double>(whole_number(line.substr(first + 1, second - first - 1)));
            const auto coded = static_cast<double>(whole_number(line.substr(second + 1)));
            rates.push_back({line.substr(0, first), bytes, coded / bytes});
        } catch (const UsageError&) {
            wrong("the row has no whole numbers");
        }
    }
    return rates;
}

}  // namespace bitlaw::studies
