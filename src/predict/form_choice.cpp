#include "bitlaw/predict/form_choice.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <limits>
#include <vector>

#include "bitlaw/predict/context_mixer.hpp"
#include "bitlaw/predict/log_odds.hpp"

namespace bitlaw::predict {
namespace {

// Fewer bytes than this say too little.
constexpr std::size_t kMinBytes = 512;
// Widths are looked for among bytes of one stretch, rows up to this many samples and records up to so many
// bytes.
constexpr std::size_t kStretch = 1 << 14;
constexpr std::size_t kMaxRow = 4096;
constexpr std::size_t kMaxRecord = 1024;
constexpr std::size_t kMinPiece = 8192;
constexpr std::size_t kMaxPiece = 49152;

bool is_text(ByteSpan plain) {
    std::size_t controls = 0;
    std::size_t high = 0;
    std::size_t spaces = 0;
    for (const std::uint8_t byte : plain) {
        controls += byte < 32 && byte != '\n' && byte != '\r' && byte != '\t' ? 1 : 0;
        high += byte >> 7;
        spaces += byte == ' ' || byte == '\n' ? 1 : 0;
    }
    return controls * 256 <= plain.size() && high * 8 <= plain.size() && spaces * 64 >= plain.size();
}

// Samples of a stretch in the middle of the block, as ascending unsigned numbers.
std::vector<std::int32_t> samples_of(ByteSpan plain, const DataForm& form) {
    const std::size_t size = form.kind >= DataKind::shorts ? 2 : 1;
    const std::size_t count = std::min(plain.size() / size, kStretch + kMaxRow);
    const std::uint8_t* at = plain.data() + (plain.size() - count * size) / 2 / size * size;
    std::vector<std::int32_t> samples(count);
    for (std::int32_t& sample : samples) {
        if (size == 1) {
            sample = *at;
        } else {
            const std::int32_t value = at[form.lower_first ? 1 : 0] << 8 | at[form.lower_first ? 0 : 1];
            sample = form.kind == DataKind::signed_shorts ? value ^ 0x8000 : value;
        }
        at += size;
    }
    return samples;
}

// Sum of absolute differences of samples so far apart; the same samples for every distance below kMaxRow.
std::int64_t difference(const std::vector<std::int32_t>& samples, std::size_t distance, std::size_t first) {
    std::int64_t sum = 0;
    for (std::size_t i = first; i < samples.size(); ++i) {
        sum += std::abs(samples[i] - samples[i - distance]);
    }
    return sum;
}

// The row whose pixels differ least from those above; 0 (sound) if the sample before is much nearer.
std::uint32_t best_row(const std::vector<std::int32_t>& samples) {
    const std::size_t limit = std::min(kMaxRow, samples.size() / 2);
    std::size_t best = 0;
    const std::int64_t left = difference(samples, 1, limit);
    std::int64_t least = left + left / 2;
    for (std::size_t width = 8; width < limit; ++width) {
        const std::int64_t sum = difference(samples, width, limit);
        if (sum < least) {
            best = width;
            least = sum;
        }
    }
    return static_cast<std::uint32_t>(best);
}

// The distance at which bytes are equal most often.
std::uint32_t best_record(const std::vector<std::int32_t>& samples) {
    const std::size_t limit = std::min(kMaxRecord, samples.size() / 2);
    std::size_t best = 2;
    std::size_t max_equal = 0;
    for (std::size_t width = 2; width < limit; ++width) {
        std::size_t equal = 0;
        for (std::size_t i = limit; i < samples.size(); ++i) {
            equal += samples[i] == samples[i - width] ? 1 : 0;
        }
        if (equal > max_equal + max_equal / 64) {
            best = width;
            max_equal = equal;
        }
    }
    return static_cast<std::uint32_t>(best);
}

// The order of bytes and the sign under which neighbours differ least, with its best row.
DataForm best_shorts(ByteSpan plain) {
    DataForm best;
    std::int64_t least = 0;
    for (const DataKind kind : {DataKind::shorts, DataKind::signed_shorts}) {
        for (const bool lower_first : {false, true}) {
            const DataForm form{.kind = kind, .width = 0, .lower_first = lower_first};
            const std::vector<std::int32_t> samples = samples_of(plain, form);
            const std::int64_t left =
                difference(samples, 1, std::min<std::size_t>(kMaxRow, samples.size() / 2));
            if (best.kind == DataKind::text || left < least) {
                best = form;
                least = left;
            }
        }
    }
    best.width = best_row(samples_of(plain, best));
    return best;
}

// Bits that a context mixer takes for a piece from the middle of the block, in units of 2^-16, or any number
// from `limit` on.
std::int64_t cost(ByteSpan plain, const DataForm& form, std::int64_t limit) {
    const std::size_t size =
        std::min(std::clamp(plain.size() / 32, kMinPiece, kMaxPiece), plain.size()) & ~std::size_t{1};
    const std::size_t begin = (plain.size() - size) / 2 & ~std::size_t{1};
    Bytes piece(plain.begin() + static_cast<std::ptrdiff_t>(begin),
                plain.begin() + static_cast<std::ptrdiff_t>(begin + size));
    swap_pairs(form, piece);
    ContextMixer mixer({.set = ExpertSet::full, .bytes = size, .memory = std::size_t{8} << 20});
    mixer.start({&size, 1}, form);
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < size && sum < limit; ++k) {
        mixer.begin(0);
        for (int i = 7; i >= 0; --i) {
            const int bit = piece[k] >> i & 1;
            const std::uint32_t one = mixer.predict();
            sum += (32 << 16) - log2_of(bit != 0 ? one : 0 - one);
            mixer.accept(bit);
        }
    }
    return sum;
}

}  // namespace

DataForm choose_form(ByteSpan plain, bool shorts) {
    if (plain.size() < kMinBytes || is_text(plain)) {
        return {};
    }
    const std::vector<std::int32_t> bytes = samples_of(plain, {.kind = DataKind::bytes});
    std::vector<DataForm> forms{{},
                                {.kind = DataKind::records, .width = 4},
                                {.kind = DataKind::records, .width = best_record(bytes)},
                                {.kind = DataKind::bytes, .width = best_row(bytes)}};
    if (shorts) {
        forms.push_back(best_shorts(plain));
    }
    // What seems a row may be the period of a sound.
    const std::size_t tried = forms.size();
    for (std::size_t i = 3; i < tried; ++i) {
        if (forms[i].width != 0) {
            forms.push_back(forms[i]);
            forms.back().width = 0;
        }
    }
    std::size_t best = 0;
    std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
    for (std::size_t i = 0; i < forms.size(); ++i) {
        const std::int64_t bits = cost(plain, forms[i], fewest);
        if (bits < fewest) {
            best = i;
            fewest = bits;
        }
    }
    return forms[best];
}

}  // namespace bitlaw::predict
