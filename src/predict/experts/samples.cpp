#include "bitlaw/predict/experts/samples.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace bitlaw::predict {
namespace {

bool is_wide(DataKind kind) { return kind != DataKind::bytes; }

// Neighbours reach five samples to either side; a row that is shorter has no room for them.
bool is_picture(std::uint32_t width) { return width >= 8; }

// Neighbours, the nearest first: of pixels in the rows above, of sound the samples before.
std::vector<std::uint32_t> neighbours_of(std::uint32_t width) {
    std::vector<std::uint32_t> distances;
    if (!is_picture(width)) {
        for (std::uint32_t i = 1; i <= LeastSquares::kMaxInputs; ++i) {
            distances.push_back(i);
        }
        return distances;
    }
    const std::uint32_t w = width;
    return {1,         w,         w + 1, w - 1,     2,         2 * w, 2 * w - 1, w + 2,
            w - 2,     2 * w + 1, 3,     3 * w,     w - 3,     w + 3, 2 * w - 2, 2 * w + 2,
            3 * w - 1, 3 * w + 1, 4,     2 * w - 3, 2 * w + 3, 4 * w, 5,         w - 4};
}

struct Reach {
    std::size_t inputs;
    unsigned memory;
    unsigned batch;
};

LeastSquares squares_of(std::uint32_t width, std::size_t which) {
    constexpr std::array<Reach, 3> kPixels{{{6, 6, 2}, {12, 8, 2}, {24, 10, 3}}};
    constexpr std::array<Reach, 3> kSound{{{12, 6, 2}, {20, 8, 2}, {32, 10, 4}}};
    const Reach reach = is_picture(width) ? kPixels[which] : kSound[which];
    return {reach.inputs, reach.memory, reach.batch};
}

}  // namespace

Samples::Samples(const DataForm& form)
    : form_(form),
      bytes_(is_wide(form.kind) ? 2 : 1),
      flip_(form.kind == DataKind::signed_shorts ? 0x8000 : 0),
      distances_(neighbours_of(form.width)),
      squares_{squares_of(form.width, 0), squares_of(form.width, 1), squares_of(form.width, 2)},
      odds_(kPredictors, SampleOdds(8 * bytes_, kClasses)),
      errors_(std::bit_ceil(std::size_t{2} * std::max(form.width, 64U) + 4), 0) {}

std::int32_t Samples::sample(const Past& past, std::uint32_t distance) const {
    // Before the stream's start: the middle.
    if (bytes_ == 1) {
        return distance <= count_ ? past.back(distance) : 128;
    }
    if (distance > count_) {
        return 0x8000;
    }
    const std::uint32_t back = 2 * distance;
    return static_cast<std::int32_t>((std::uint32_t{past.back(back)} << 8 | past.back(back - 1)) ^ flip_);
}

std::uint32_t Samples::error(std::uint32_t distance) const {
    return errors_[(count_ - distance) & (errors_.size() - 1)];
}

void Samples::begin(const Past& past) {
    if (phase_ == 0) {
        begin_sample(past);
    }
}

void Samples::begin_sample(const Past& past) {
    const std::uint32_t w = form_.width;
    const bool rows = is_picture(w);
    const std::int32_t left = sample(past, 1);
    base_ = rows ? (left + sample(past, w) + 1) >> 1 : 1 << (8 * bytes_ - 1);
    for (std::size_t i = 0; i < distances_.size(); ++i) {
        neighbours_[i] = sample(past, distances_[i]) - base_;
    }
    const std::int64_t highest = (std::int64_t{256} << (8 * bytes_)) - 1;
    for (std::size_t i = 0; i < squares_.size(); ++i) {
        const std::int64_t value = squares_[i].predict(neighbours_.data()) + (std::int64_t{base_} << 8);
        values_[i] = std::clamp<std::int64_t>(value, 0, highest);
    }
    values_[3] = (values_[0] + values_[1] + 2 * values_[2]) >> 2;
    // Errors of the neighbours, eight in all, in units of 2^-2 (bytes) or 1.
    const std::uint32_t errors =
        rows ? 2 * error(1) + 2 * error(w) + error(w + 1) + error(w - 1) + error(2) + error(2 * w)
             : 2 * error(1) + 2 * error(2) + error(3) + error(4) + error(5) + error(6);
    // Four classes for each doubling.
    const auto width = static_cast<std::uint32_t>(std::bit_width(errors));
    class_ = errors < 4 ? errors : std::min(4 * (width - 2) + (errors >> (width - 3) & 3), kClasses - 1);
    for (std::size_t i = 0; i < kPredictors; ++i) {
        odds_[i].begin(values_[i], class_);
    }
    first_bit_ = true;
}

std::uint32_t Samples::expected() const { return static_cast<std::uint32_t>(values_[2] >> (8 * bytes_)); }

void Samples::add_contexts(const Past& past, std::size_t id, ContextList& contexts) const {
    const bool rows = is_picture(form_.width);
    const std::uint32_t w = rows ? form_.width : 2;
    if (bytes_ == 1) {
        const std::uint64_t west = past.back(1);
        const std::uint64_t north = past.back(w);
        const std::uint64_t north_west = past.back(w + 1);
        const std::uint64_t north_east = past.back(w - 1);
        const auto near = static_cast<std::uint64_t>((values_[1] + 128) >> 8);
        const auto wide = static_cast<std::uint64_t>((values_[2] + 128) >> 8);
        contexts.add(id, joined(near, class_ / 4));
        contexts.add(id + 1, joined(wide, class_ / 8));
        contexts.add(id + 2, static_cast<std::uint64_t>(values_[3] >> 5));
        contexts.add(id + 3, joined(west, north));
        contexts.add(id + 4, joined(west, wide));
        contexts.add(id + 5, joined(north, wide));
        contexts.add(id + 6, joined(north, north_east));
        contexts.add(id + 7, joined(west, north_west));
        contexts.add(id + 8, joined(west + north - north_west, (north + north_east) >> 3));
        contexts.add(id + 9, joined((west + north_east) >> 1, (north + north_west) >> 1));
        contexts.add(id + 10, joined(near, wide));
        contexts.add(id + 11, joined(past.back(2), west));
        contexts.add(id + 12, joined(static_cast<std::uint64_t>(values_[2] >> 6), west >> 4, north >> 4));
        return;
    }
    const std::uint64_t west = static_cast<std::uint64_t>(sample(past, 1));
    const std::uint64_t north = static_cast<std::uint64_t>(sample(past, rows ? w : 2));
    if (phase_ == 0) {
        contexts.add(id, joined(static_cast<std::uint64_t>(values_[1] >> 14), class_ / 4));
        contexts.add(id + 1, joined(static_cast<std::uint64_t>(values_[2] >> 14), class_ / 4));
        contexts.add(id + 2, static_cast<std::uint64_t>(values_[3] >> 12));
        contexts.add(id + 3, joined(west >> 8, north >> 8));
        contexts.add(id + 4, west >> 4);
        contexts.add(id + 5, joined(north >> 6, west >> 8));
        contexts.add(id + 6, joined(static_cast<std::uint64_t>(values_[3] >> 16), west >> 8));
        contexts.add(id + 7, joined((2 * west - north) >> 7, class_ / 8));
    } else {
        const std::int64_t from = std::int64_t{first_byte_ ^ (flip_ >> 8)} << 16;  // in units of 2^-8
        const auto rest = [&](std::int64_t value) {
            return static_cast<std::uint64_t>(std::clamp<std::int64_t>((value - from) >> 8, -64, 319) + 64);
        };
        contexts.add(id + 8, joined(rest(values_[1]), class_ / 4));
        contexts.add(id + 9, joined(rest(values_[2]), class_ / 4));
        contexts.add(id + 10, joined(rest(values_[3]), first_byte_));
        contexts.add(id + 11, joined(rest(values_[3]), rest(values_[1])));
        contexts.add(id + 12, joined(first_byte_, west & 0xFF));
        contexts.add(id + 13, joined(first_byte_, north & 0xFF));
        contexts.add(id + 14, joined(first_byte_, class_ / 2));
        contexts.add(id + 15, joined(rest((static_cast<std::int64_t>(west) << 8)),
                                     rest(static_cast<std::int64_t>(north) << 8)));
    }
}

void Samples::predict(Mixer& mixer, std::size_t first, bool speaks) {
    for (std::size_t i = 0; i < kPredictors; ++i) {
        const std::int32_t odds = odds_[i].odds();
        if (speaks) {
            mixer.set(first + i, first_bit_ && flip_ != 0 ? -odds : odds);
        }
    }
}

void Samples::accept_bit(int bit) {
    // Of signed samples the first bit means the lower half.
    const int upper = first_bit_ && flip_ != 0 ? 1 - bit : bit;
    for (SampleOdds& odds : odds_) {
        odds.accept_bit(upper);
    }
    first_bit_ = false;
}

void Samples::accept(const Past& past) {
    if (phase_ + 1 < bytes_) {
        first_byte_ = static_cast<std::uint32_t>(past.last & 0xFF);
        ++phase_;
        return;
    }
    phase_ = 0;
    ++count_;
    const std::int32_t value = sample(past, 1);
    for (SampleOdds& odds : odds_) {
        odds.accept(static_cast<std::uint32_t>(value));
    }
    const std::int64_t missed = std::abs((std::int64_t{value} << 8) - values_[2]) >> (bytes_ == 1 ? 6 : 8);
    errors_[(count_ - 1) & (errors_.size() - 1)] =
        static_cast<std::uint16_t>(std::min<std::int64_t>(missed, 8191));
    for (LeastSquares& squares : squares_) {
        squares.accept(neighbours_.data(), value - base_);
    }
}

}  // namespace bitlaw::predict
