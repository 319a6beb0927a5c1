#include "bitlaw/learn/gradient_sum.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::learn {

using namespace kernels;

namespace {

// 64 KiB of floats: a quarter of a typical level 2 cache, and enough work to be worth handing to a thread.
constexpr std::size_t kChunk = 16'384;
// Part of the norm's definition: changing it changes checkpoints.
constexpr std::size_t kNormChunk = 4096;

// Calls body(first, count) for the chunks of 0 .. size-1, in parallel.
template <class Body>
void for_chunks(std::size_t size, std::size_t chunk, const Body& body) {
    parallel_for((size + chunk - 1) / chunk, [&](std::size_t index) {
        const std::size_t first = index * chunk;
        body(first, std::min(chunk, size - first));
    });
}

}  // namespace

void GradientSum::start_at(std::size_t leaf) {
    BITLAW_ASSERT(!is_open_ && parts_.empty());
    next_ = leaf;
}

std::span<float> GradientSum::open(std::size_t leaves) {
    BITLAW_ASSERT(!is_open_ && leaves > 0 && next_ % leaves == 0);
    is_open_ = true;
    const std::size_t number = std::exchange(next_, next_ + leaves);
    if (spare_.empty()) {
        parts_.push_back({Floats(size_), number, leaves});
        return parts_.back().sum;
    }
    parts_.push_back({std::move(spare_.back()), number, leaves});
    spare_.pop_back();
    float* const sum = parts_.back().sum.data();
    for_chunks(size_, kChunk,
               [&](std::size_t first, std::size_t count) { std::fill_n(sum + first, count, 0.0F); });
    return parts_.back().sum;
}

void GradientSum::join_last_two() {
    Part right = std::move(parts_.back());
    parts_.pop_back();
    Part& left = parts_.back();
    const Kernels& kernel = kernel_table();
    for_chunks(size_, kChunk, [&](std::size_t first, std::size_t count) {
        kernel.add(right.sum.data() + first, count, left.sum.data() + first);
    });
    left.leaves += right.leaves;
    spare_.push_back(std::move(right.sum));
}

void GradientSum::close() {
    BITLAW_ASSERT(is_open_);
    is_open_ = false;
    const auto are_siblings = [](const Part& left, const Part& right) {
        return left.leaves == right.leaves && left.first % (2 * left.leaves) == 0;
    };
    while (parts_.size() >= 2 && are_siblings(parts_[parts_.size() - 2], parts_.back())) {
        join_last_two();
    }
}

std::span<const float> GradientSum::total() {
    BITLAW_ASSERT(!is_open_ && !parts_.empty());
    while (parts_.size() >= 2) {
        join_last_two();
    }
    return parts_.front().sum;
}

void GradientSum::clear() {
    BITLAW_ASSERT(!is_open_);
    for (Part& part : parts_) {
        spare_.push_back(std::move(part.sum));
    }
    parts_.clear();
    next_ = 0;
}

std::vector<std::size_t> parts_of(std::size_t first, std::size_t last) {
    std::vector<std::size_t> parts;
    while (first < last) {
        std::size_t leaves = std::bit_floor(last - first);
        while (first % leaves != 0) {
            leaves /= 2;
        }
        parts.push_back(leaves);
        first += leaves;
    }
    return parts;
}

double gradient_norm(std::span<const float> gradient) {
    std::vector<float> squares((gradient.size() + kNormChunk - 1) / kNormChunk);
    const Kernels& kernel = kernel_table();
    for_chunks(gradient.size(), kNormChunk, [&](std::size_t first, std::size_t count) {
        squares[first / kNormChunk] = kernel.sum_squares(gradient.data() + first, count);
    });
    double sum = 0.0;
    for (const float square : squares) {
        sum += static_cast<double>(square);
    }
    return std::sqrt(sum);
}

}  // namespace bitlaw::learn
