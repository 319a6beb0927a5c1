#include "bitlaw/train/ranks.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "bitlaw/base/error.hpp"
#include "bitlaw/learn/learner.hpp"

namespace bitlaw::train {

using namespace learn;

namespace {

constexpr std::size_t kNobody = RankLink::kNobody;

// Elements between possible bounds of pieces: whole cache lines.
constexpr std::size_t kLine = 16;

// Adds the time until its end.
class Stopwatch {
   public:
    explicit Stopwatch(double& seconds) : seconds_(seconds), start_(Clock::now()) {}
    ~Stopwatch() { seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

   private:
    using Clock = std::chrono::steady_clock;
    double& seconds_;
    Clock::time_point start_;
};

std::size_t piece_begin(std::size_t size, std::size_t rank, std::size_t ranks) {
    return rank == ranks ? size : size / kLine * rank / ranks * kLine;
}

std::size_t piece_size(std::size_t size, std::size_t rank, std::size_t ranks) {
    return piece_begin(size, rank + 1, ranks) - piece_begin(size, rank, ranks);
}

ByteSpan bytes_of(std::span<const float> values) {
    return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()};
}

std::span<std::uint8_t> bytes_of(std::span<float> values) {
    return {reinterpret_cast<std::uint8_t*>(values.data()), values.size_bytes()};
}

// How a rank's work() has ended, and what it says.
enum class Ending : std::uint8_t { well, error, usage, stopped };
constexpr std::size_t kMostText = 1 << 20;

Bytes encode_ending(const std::exception_ptr& failure, const std::string& place) {
    Ending ending = Ending::well;
    std::string what;
    try {
        if (failure) {
            std::rethrow_exception(failure);
        }
    } catch (const Stopped& error) {
        ending = Ending::stopped;
        what = error.what();
    } catch (const UsageError& error) {
        ending = Ending::usage;
        what = error.what();
    } catch (const std::exception& error) {
        ending = Ending::error;
        what = error.what();
    }
    ByteWriter writer;
    writer.u8(static_cast<std::uint8_t>(ending));
    writer.text(place.substr(0, kMostText));
    writer.text(what.substr(0, kMostText));
    return writer.take();
}

}  // namespace

LeafRange Ranks::share_of(std::size_t rank, std::size_t count) const {
    return {count * rank / link_.size, count * (rank + 1) / link_.size};
}

std::size_t Ranks::after(std::size_t distance) const { return (link_.rank + distance) % link_.size; }

std::size_t Ranks::before(std::size_t distance) const {
    return (link_.rank + link_.size - distance % link_.size) % link_.size;
}

std::string Ranks::name_of(std::size_t rank, const std::string& place) const {
    return text_of("rank ", rank, " of ", link_.size, " on ", place);
}

std::span<const float> Ranks::sum(const GradientSum& own, std::size_t leaves) {
    const Stopwatch stopwatch(seconds_);
    total_.resize(own.size());
    sum_piece(own, leaves);
    pass_pieces();
    return total_;
}

// Elements begin .. begin + count of all parts, one part after the other.
std::span<const float> Ranks::slices_of(const GradientSum& own, std::size_t begin, std::size_t count) {
    const std::vector<GradientSum::Part>& parts = own.parts();
    if (parts.size() == 1) {
        return std::span(parts.front().sum).subspan(begin, count);
    }
    outgoing_.resize(parts.size() * count);
    for (std::size_t part = 0; part < parts.size(); ++part) {
        std::copy_n(parts[part].sum.data() + begin, count, outgoing_.data() + part * count);
    }
    return outgoing_;
}

// Sums this rank's piece of the elements over the parts of all ranks.
void Ranks::sum_piece(const GradientSum& own, std::size_t leaves) {
    const std::size_t ranks = link_.size;
    const std::size_t size = own.size();
    std::vector<std::vector<std::size_t>> parts;  // [ranks, leaves of each part]
    std::vector<std::size_t> first_part = {0};    // [ranks + 1]
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        const LeafRange range = share_of(rank, leaves);
        parts.push_back(parts_of(range.first, range.last));
        first_part.push_back(first_part.back() + parts.back().size());
    }
    BITLAW_ASSERT(own.parts().size() == parts[link_.rank].size());
    const std::size_t mine = piece_size(size, link_.rank, ranks);
    received_.resize(first_part.back() * mine);
    for (std::size_t distance = 0; distance < ranks; ++distance) {
        const std::size_t to = after(distance);
        const std::size_t from = before(distance);
        const std::size_t begin = piece_begin(size, to, ranks);
        const std::size_t count = piece_size(size, to, ranks);
        const std::span<const float> out = slices_of(own, begin, count);
        const std::span<float> in =
            std::span(received_).subspan(first_part[from] * mine, parts[from].size() * mine);
        if (distance == 0) {
            std::copy(out.begin(), out.end(), in.begin());
        } else {
            link_.trade(to, bytes_of(out), from, bytes_of(in));
            sent_bytes_ += out.size_bytes();
        }
    }
    if (!piece_ || piece_->size() != mine) {
        piece_.emplace(mine);
    }
    piece_->clear();
    const float* part = received_.data();
    for (const std::vector<std::size_t>& of_rank : parts) {
        for (const std::size_t part_leaves : of_rank) {
            std::copy_n(part, mine, piece_->open(part_leaves).data());
            piece_->close();
            part += mine;
        }
    }
    const std::span<const float> sum = piece_->total();
    std::copy(sum.begin(), sum.end(), total_.begin() + piece_begin(size, link_.rank, ranks));
}

void Ranks::pass_pieces() {
    const auto piece = [&](std::size_t rank) {
        return std::span(total_).subspan(piece_begin(total_.size(), rank, link_.size),
                                         piece_size(total_.size(), rank, link_.size));
    };
    const std::span<const float> mine = piece(link_.rank);
    for (std::size_t distance = 1; distance < link_.size; ++distance) {
        link_.trade(after(distance), bytes_of(mine), before(distance), bytes_of(piece(before(distance))));
        sent_bytes_ += mine.size_bytes();
    }
}

double Ranks::chain(std::span<const double> own, std::uint64_t& flags) {
    const Stopwatch stopwatch(seconds_);
    struct Message {
        double sum;
        std::uint64_t flags;
    };
    Message message{0.0, 0};
    Bytes bytes(sizeof message);
    if (link_.rank > 0) {
        link_.trade(kNobody, {}, link_.rank - 1, bytes);
        std::memcpy(&message, bytes.data(), sizeof message);
    }
    message = {chained(message.sum, own), message.flags | flags};
    std::memcpy(bytes.data(), &message, sizeof message);
    if (link_.rank + 1 < link_.size) {
        link_.trade(link_.rank + 1, bytes, kNobody, {});
    }
    broadcast(bytes, link_.size - 1);
    std::memcpy(&message, bytes.data(), sizeof message);
    flags = message.flags;
    return message.sum;
}

// A binomial tree: in round k, 2^k ranks have the bytes and send them to as many others.
void Ranks::broadcast(Bytes& bytes, std::size_t from) {
    const std::size_t ranks = link_.size;
    const std::size_t place = (link_.rank + ranks - from) % ranks;
    const auto pass = [&](std::span<std::uint8_t> content) {
        for (std::size_t have = 1; have < ranks; have *= 2) {
            if (place < have && place + have < ranks) {
                link_.trade((link_.rank + have) % ranks, content, kNobody, {});
            } else if (place >= have && place < 2 * have) {
                link_.trade(kNobody, {}, (link_.rank + ranks - have) % ranks, content);
            }
        }
    };
    std::uint64_t size = bytes.size();
    pass({reinterpret_cast<std::uint8_t*>(&size), sizeof size});
    bytes.resize(static_cast<std::size_t>(size));
    pass(bytes);
}

void Ranks::barrier() {
    const Stopwatch stopwatch(seconds_);
    std::uint8_t come = 0;
    const std::uint8_t here = 1;
    for (std::size_t distance = 1; distance < link_.size; distance *= 2) {
        link_.trade(after(distance), {&here, 1}, before(distance), {&come, 1});
    }
}

std::vector<Bytes> Ranks::gather(const Bytes& own) {
    std::vector<Bytes> all(link_.size);
    all[link_.rank] = own;
    const std::uint64_t size = own.size();
    for (std::size_t distance = 1; distance < link_.size; ++distance) {
        const std::size_t to = after(distance);
        const std::size_t from = before(distance);
        std::uint64_t its_size = 0;
        link_.trade(to, {reinterpret_cast<const std::uint8_t*>(&size), sizeof size}, from,
                    {reinterpret_cast<std::uint8_t*>(&its_size), sizeof its_size});
        all[from].resize(static_cast<std::size_t>(its_size));
        link_.trade(to, own, from, all[from]);
    }
    return all;
}

void Ranks::together(const std::function<void()>& work) {
    if (is_alone()) {
        work();
        return;
    }
    std::exception_ptr failure;
    try {
        work();
    } catch (...) {
        failure = std::current_exception();
    }
    const Stopwatch stopwatch(seconds_);
    const std::vector<Bytes> endings = gather(encode_ending(failure, link_.place));
    for (std::size_t rank = 0; rank < endings.size(); ++rank) {
        ByteReader reader(endings[rank], "what a rank says");
        const auto ending = static_cast<Ending>(reader.u8());
        if (ending == Ending::well) {
            continue;
        }
        settle();
        if (rank == link_.rank) {
            std::rethrow_exception(failure);
        }
        const std::string place = reader.text(kMostText);
        const std::string text = text_of(name_of(rank, place), ": ", reader.text(kMostText));
        switch (ending) {
            case Ending::usage: throw UsageError(text);
            case Ending::stopped: throw Stopped(text);
            default: throw Error(text);
        }
    }
}

void Ranks::require_same(const RankFacts& facts) {
    if (is_alone()) {
        return;
    }
    RankFacts all = facts;
    all.insert(all.begin(), {"program", link_.program});
    ByteWriter writer;
    writer.text(link_.place);
    for (const auto& [name, value] : all) {
        writer.text(name);
        writer.text(value);
    }
    const Stopwatch stopwatch(seconds_);
    const std::vector<Bytes> sheets = gather(writer.take());
    ByteReader reference(sheets.front(), "what a rank says");
    const std::string first_place = reference.text(kMostText);
    for (std::size_t rank = 1; rank < sheets.size(); ++rank) {
        ByteReader ours(sheets.front(), "what a rank says");
        ByteReader its(sheets[rank], "what a rank says");
        (void)ours.text(kMostText);
        const std::string place = its.text(kMostText);
        while (ours.remaining() > 0 && its.remaining() > 0) {
            const std::string name = ours.text(kMostText);
            const std::string value = ours.text(kMostText);
            const std::string its_name = its.text(kMostText);
            const std::string its_value = its.text(kMostText);
            if (name != its_name || value != its_value) {
                settle();
                fail(name_of(rank, place), " has ", its_name, " ", its_value, ", but rank 0 on ", first_place,
                     " has ", name, " ", value,
                     "; give all ranks the same program, options and data, then start again");
            }
        }
    }
}

}  // namespace bitlaw::train
