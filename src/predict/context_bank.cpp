#include "bitlaw/predict/context_bank.hpp"

#include <algorithm>
#include <bit>

namespace bitlaw::predict {
namespace {

constexpr std::size_t kRunLengths = 16;
// Bytes of a slot that the context itself uses: the last byte, and how often it came in a row.
constexpr std::size_t kLast = 16;
constexpr std::size_t kTimes = 17;

std::uint64_t salted(std::uint64_t hash, std::uint32_t salt) { return hash + salt * 0x9E3779B97F4A7C15; }

static_assert(kMaxContexts == kernels::kMaxContextLanes);

}  // namespace

ContextBank::ContextBank(std::size_t slot_bytes)
    : odds_(odds_tables()),
      histories_(bit_histories()),
      kernels_(kernels::context_kernels()),
      slots_(slot_bytes),
      maps_(kMaxContextIds * 256),
      run_maps_(kMaxContextIds * kRunLengths * 2),
      kind_{},
      hashes_{},
      second_hashes_{},
      lines_{},
      firsts_{},
      run_tables_{} {
    for (std::size_t state = 0; state < 256; ++state) {
        const Counted start = counted(histories_.probability(state));
        for (std::size_t id = 0; id < kMaxContextIds; ++id) {
            maps_[id * 256 + state] = start;
        }
        kind_[state] =
            static_cast<std::uint8_t>((histories_.zeros[state] != 0) + (histories_.ones[state] != 0));
    }
    for (std::size_t i = 0; i < run_maps_.size(); ++i) {
        const auto times = static_cast<std::uint32_t>(i / 2 % kRunLengths);
        const std::uint32_t miss = 65535 / (times + 2);
        run_maps_[i] = counted(i % 2 != 0 ? 65535 - miss : miss);
    }
}

void ContextBank::fetch(ContextCursor& cursor) const {
    std::size_t i = cursor.fetched;
    for (; i < cursor.list.size(); ++i) {
        cursor.lines[i] = slots_.prefetch(cursor.list.hash(i));
    }
    cursor.fetched = i;
}

void ContextBank::begin(ContextCursor& cursor) {
    fetch(cursor);
    const std::size_t count = cursor.list.size();
    for (std::size_t i = count; i < lanes_.count; ++i) {
        lanes_.expected[i] = 0;
        lanes_.states[i] = 0;
    }
    lanes_.count = count;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t id = cursor.list.id(i);
        lanes_.maps[i] = maps_.data() + id * 256;
        run_tables_[i] = run_maps_.data() + id * kRunLengths * 2;
        hashes_[i] = cursor.list.hash(i);
        lines_[i] = cursor.lines[i];
    }
    fetched_node_ = 0;
    find(hashes_);
    std::copy_n(lanes_.slots, count, firsts_.begin());
    look_at_runs();
}

void ContextBank::fetch_second(std::uint32_t node) {
    if (fetched_node_ == node) {
        return;
    }
    fetched_node_ = node;
    for (std::size_t i = 0; i < lanes_.count; ++i) {
        second_hashes_[i] = salted(hashes_[i], node);
        lines_[i] = slots_.prefetch(second_hashes_[i]);
    }
}

void ContextBank::second(std::uint32_t node) {
    fetch_second(node);
    find(second_hashes_);
    look_at_runs();
}

void ContextBank::find(const std::array<std::uint64_t, kMaxContexts>& hashes) {
    for (std::size_t i = 0; i < lanes_.count; ++i) {
        lanes_.slots[i] = slots_.find(lines_[i], hashes[i]);
    }
}

// The second nibble's slots may have taken the place of a first one, which then knows nothing any more.
void ContextBank::look_at_runs() {
    for (std::size_t i = 0; i < lanes_.count; ++i) {
        const std::uint8_t* const slot = firsts_[i];
        const std::size_t times = slot[kTimes];
        lanes_.expected[i] = times != 0 ? slot[kLast] | 256 : 0;
        lanes_.runs[i] = run_tables_[i] + std::min(times, kRunLengths - 1) * 2;
    }
}

void ContextBank::predict(std::uint32_t node, std::uint32_t path, Mixer& mixer, std::size_t first) {
    const auto left = static_cast<std::uint32_t>(9 - std::bit_width(node));
    kernels_.look(lanes_, {node, path, left}, histories_.single_end, odds_.odds.data(),
                  mixer.inputs() + first);
}

void ContextBank::accept(std::uint32_t path, int bit) {
    kernels_.learn(lanes_, path, bit, histories_.next[static_cast<std::size_t>(bit)].data());
}

void ContextBank::end_byte(std::uint8_t byte) {
    for (std::size_t i = 0; i < lanes_.count; ++i) {
        std::uint8_t* const slot = firsts_[i];
        const bool same = slot[kTimes] != 0 && slot[kLast] == byte;
        slot[kLast] = byte;
        slot[kTimes] = same ? static_cast<std::uint8_t>(std::min(slot[kTimes] + 1, 255)) : std::uint8_t{1};
    }
}

std::size_t ContextBank::bytes() const {
    return slots_.bytes() + (maps_.size() + run_maps_.size()) * sizeof(Counted);
}

}  // namespace bitlaw::predict
