#include "bitlaw/coding/block.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/symbols/alphabet.hpp"
#include "reporter.hpp"

namespace bitlaw::coding {

using namespace predict;
using namespace symbols;

namespace {

// Positions of one call of a predictor, between two reports: as many as a network scores at once, and fewer
// where it steps, which takes several times as long.
constexpr std::size_t kScorePositions = 256;
constexpr std::size_t kStepPositions = 32;
constexpr double kMaxContextBytes = 1024.0 * 1024 * 1024;

// Streams first .. first+count-1 of a block of `bytes` in n streams, which one predictor takes together.
class Group {
   public:
    Group(std::size_t bytes, std::size_t n, std::size_t first, std::size_t count) {
        for (std::size_t stream = first; stream < first + count; ++stream) {
            begins_.push_back(stream_begin(bytes, n, stream));
            lengths_.push_back(stream_begin(bytes, n, stream + 1) - begins_.back());
        }
    }
    [[nodiscard]] std::span<const std::size_t> lengths() const { return lengths_; }
    [[nodiscard]] std::size_t longest() const { return *std::max_element(lengths_.begin(), lengths_.end()); }
    // Calls copy(stream, first byte in the block, bytes) for what every stream has in n positions; returns
    // how many bytes that are.
    template <class Copy>
    std::size_t each(std::size_t position, std::size_t n, const Copy& copy) const {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < lengths_.size(); ++i) {
            const std::size_t count = std::min(n, lengths_[i] - std::min(position, lengths_[i]));
            if (count > 0) {
                copy(i, begins_[i] + position, count);
            }
            sum += count;
        }
        return sum;
    }

   private:
    std::vector<std::size_t> begins_;   // [S] in the block
    std::vector<std::size_t> lengths_;  // [S]
};

// Encoder and meter. done(bytes) follows each piece, and ends the work when false.
template <class Done>
void score_group(Predictor& predictor, const Group& group, std::span<Coder* const> coders, ByteSpan plain,
                 const Done& done) {
    const Alphabet alphabet(static_cast<std::uint32_t>(predictor.alphabet()));
    predictor.begin(group.lengths());
    std::vector<Symbol> symbols;  // [S, n]
    for (std::size_t position = 0, n = 0; position < group.longest(); position += n) {
        n = std::min(kScorePositions, group.longest() - position);
        symbols.resize(coders.size() * n);
        const auto row = [&](std::size_t i, std::size_t first, std::size_t count) {
            alphabet.encode(plain.subspan(first, count), std::span(symbols).subspan(i * n, count));
        };
        const std::size_t bytes = group.each(position, n, row);
        predictor.score(coders, symbols);
        if (!done(bytes)) {
            return;
        }
    }
}

// The decoder: its mirror.
template <class Done>
void step_group(Predictor& predictor, const Group& group, std::span<Coder* const> coders,
                std::span<std::uint8_t> plain, const Done& done) {
    const Alphabet alphabet(static_cast<std::uint32_t>(predictor.alphabet()));
    predictor.begin(group.lengths());
    std::vector<Symbol> symbols;  // [S, n]
    for (std::size_t position = 0, n = 0; position < group.longest(); position += n) {
        n = std::min(kStepPositions, group.longest() - position);
        symbols.resize(coders.size() * n);
        predictor.step(coders, symbols);
        const auto row = [&](std::size_t i, std::size_t first, std::size_t count) {
            alphabet.decode(std::span(symbols).subspan(i * n, count), plain.subspan(first, count));
        };
        const std::size_t bytes = group.each(position, n, row);
        if (!done(bytes)) {
            return;
        }
    }
}

std::size_t payload_of(const StreamEncoder& coder) { return coder.size(); }
std::size_t payload_of(const StreamDecoder& coder) { return coder.position(); }
std::size_t payload_of(const StreamMeter& coder) { return static_cast<std::size_t>(coder.bits() / 8); }
std::size_t payload_of(const StreamTeacher&) { return 0; }

// Tells a visitor what each byte of a stream costs.
class StreamTracer final : public Coder {
   public:
    // `begin`: the stream's first byte in the block.
    StreamTracer(const ByteVisit& visit, std::size_t begin) : visit_(visit), place_(begin) {}
    Symbol symbol(std::span<const std::uint32_t> frequency, Symbol known) override {
        meter_ = {};
        (void)meter_.symbol(frequency, known);
        end_byte({.place = place_, .bits = meter_.bits(), .frequencies = frequency});
        return known;
    }
    bool bit(std::uint32_t ones, unsigned bits, bool known) override {
        if (asked_ == 0) {
            meter_ = {};
        }
        (void)meter_.bit(ones, bits, known);
        const double share = static_cast<double>(ones) / static_cast<double>(std::uint64_t{1} << bits);
        shares_[asked_] = known ? share : 1 - share;
        if (++asked_ == shares_.size()) {
            asked_ = 0;
            end_byte({.place = place_, .bits = meter_.bits(), .shares = shares_});
        }
        return known;
    }
    [[nodiscard]] double bits() const { return bits_; }

   private:
    void end_byte(const TracedByte& byte) {
        bits_ += byte.bits;
        visit_(byte);
        ++place_;
    }

    const ByteVisit& visit_;
    std::size_t place_;
    StreamMeter meter_;
    std::array<double, 8> shares_{};
    std::size_t asked_ = 0;  // bits of the byte
    double bits_ = 0;        // of all bytes
};

std::size_t payload_of(const StreamTracer& coder) { return static_cast<std::size_t>(coder.bits() / 8); }

std::vector<StreamTracer> tracers(std::size_t bytes, std::size_t streams, const ByteVisit& visit) {
    std::vector<StreamTracer> result;
    for (std::size_t i = 0; i < streams; ++i) {
        result.emplace_back(visit, stream_begin(bytes, streams, i));
    }
    return result;
}

// One block's way through its predictors.
template <class StreamCoder>
class BlockRun {
   public:
    // `coders` [n] of all the block's streams.
    BlockRun(std::size_t bytes, std::span<StreamCoder> coders, const BlockProgress& progress)
        : bytes_(bytes), coders_(coders), reporter_(progress) {
        BITLAW_ASSERT(!coders.empty() && coders.size() <= bytes);
    }

    // Streams first .. first+count-1: go(predictor, group, coders, done) is score_group or step_group.
    template <class Go>
    void group(Predictor& predictor, std::size_t first, std::size_t count, const Go& go) {
        const std::span<StreamCoder> coders = coders_.subspan(first, count);
        std::vector<Coder*> asked;
        for (StreamCoder& coder : coders) {
            asked.push_back(&coder);
        }
        std::size_t before = 0;
        const auto done = [&](std::size_t bytes) {
            std::size_t payload = 0;
            for (const StreamCoder& coder : coders) {
                payload += payload_of(coder);
            }
            return reporter_.add(bytes, payload - std::exchange(before, payload));
        };
        reporter_.run([&] { go(predictor, Group(bytes_, coders_.size(), first, count), asked, done); });
    }

    // All streams, in `groups` groups of which `at_once` are handed out at a time.
    template <class Go>
    void groups(const PredictorMaker& maker, std::size_t groups, std::size_t at_once, const Go& go) {
        // A worker begins its predictor anew for each of its groups: memory for contexts is touched once.
        std::vector<std::unique_ptr<Predictor>> predictors(thread_count());
        for (std::size_t begin = 0; begin < groups; begin += at_once) {
            parallel_for(std::min(at_once, groups - begin), [&](std::size_t index, std::size_t worker) {
                std::unique_ptr<Predictor>& predictor = predictors[worker];
                if (!predictor) {
                    predictor = maker.make();
                }
                // Cut like streams, so that the groups' sizes differ by at most 1 and all end together.
                const std::size_t first = stream_begin(coders_.size(), groups, begin + index);
                const std::size_t end = stream_begin(coders_.size(), groups, begin + index + 1);
                group(*predictor, first, end - first, go);
            });
        }
    }

   private:
    std::size_t bytes_;
    std::span<StreamCoder> coders_;
    Reporter reporter_;
};

auto scoring(ByteSpan plain) {
    return [plain](Predictor& predictor, const Group& group, std::span<Coder* const> coders,
                   const auto& done) { score_group(predictor, group, coders, plain, done); };
}

auto stepping(std::span<std::uint8_t> plain) {
    return [plain](Predictor& predictor, const Group& group, std::span<Coder* const> coders,
                   const auto& done) { step_group(predictor, group, coders, plain, done); };
}

// Known symbols are scored a stream at a time: a stream gains nothing from others beside it.
template <class StreamCoder>
void score_streams(const PredictorMaker& maker, ByteSpan plain, std::span<StreamCoder> coders,
                   const BlockProgress& progress) {
    const std::size_t groups = maker.independent ? coders.size() : 1;
    BlockRun<StreamCoder>(plain.size(), coders, progress).groups(maker, groups, groups, scoring(plain));
}

std::vector<Bytes> finished(std::span<StreamEncoder> coders) {
    std::vector<Bytes> payloads;
    for (StreamEncoder& coder : coders) {
        payloads.push_back(coder.finish());
    }
    return payloads;
}

std::vector<double> measured(std::span<const StreamMeter> meters) {
    std::vector<double> bits;
    for (const StreamMeter& meter : meters) {
        bits.push_back(meter.bits());
    }
    return bits;
}

// Groups that a block's streams are decoded in: a multiple of the threads, so that all end together.
std::size_t group_count(const PredictorMaker& maker, std::size_t streams) {
    const std::size_t threads = thread_count();
    const std::size_t rounds =
        ((streams + maker.group_streams - 1) / maker.group_streams + threads - 1) / threads;
    return maker.independent ? std::min(rounds * threads, streams) : 1;
}

}  // namespace

std::size_t default_streams(std::size_t bytes) { return std::clamp<std::size_t>(bytes / 65536, 1, 64); }

std::size_t stream_begin(std::size_t bytes, std::size_t n, std::size_t i) { return i * bytes / n; }

bool codable(std::size_t alphabet, ByteSpan plain) {
    return Alphabet(static_cast<std::uint32_t>(alphabet)).first_foreign(plain) == plain.size();
}

std::size_t groups_at_once(std::uint64_t stream_bytes, std::size_t groups, std::size_t group_streams) {
    const double most =
        kMaxContextBytes / (static_cast<double>(stream_bytes) * static_cast<double>(group_streams));
    // No more than the threads run at the same time anyway; where all of them may, all groups are handed out
    // at once.
    return most >= static_cast<double>(std::min(thread_count(), groups))
               ? groups
               : std::max<std::size_t>(1, static_cast<std::size_t>(most));
}

std::vector<Bytes> encode_streams(const PredictorMaker& maker, ByteSpan plain, std::size_t streams,
                                  const BlockProgress& progress) {
    std::vector<StreamEncoder> coders(streams);
    score_streams<StreamEncoder>(maker, plain, coders, progress);
    return finished(coders);
}

void decode_streams(const PredictorMaker& maker, std::span<const ByteSpan> payloads,
                    std::span<std::uint8_t> plain, const BlockProgress& progress) {
    std::vector<StreamDecoder> coders(payloads.begin(), payloads.end());
    const std::size_t groups = group_count(maker, coders.size());
    BlockRun<StreamDecoder>(plain.size(), coders, progress)
        .groups(maker, groups,
                groups_at_once(maker.stream_bytes, groups, (coders.size() + groups - 1) / groups),
                stepping(plain));
}

std::vector<double> stream_bits(const PredictorMaker& maker, ByteSpan plain, std::size_t streams,
                                const BlockProgress& progress) {
    std::vector<StreamMeter> meters(streams);
    score_streams<StreamMeter>(maker, plain, meters, progress);
    return measured(meters);
}

std::vector<Bytes> encode_streams(Predictor& predictor, ByteSpan plain, std::size_t streams,
                                  const BlockProgress& progress) {
    std::vector<StreamEncoder> coders(streams);
    BlockRun<StreamEncoder>(plain.size(), coders, progress).group(predictor, 0, streams, scoring(plain));
    return finished(coders);
}

void decode_streams(Predictor& predictor, std::span<const ByteSpan> payloads, std::span<std::uint8_t> plain,
                    const BlockProgress& progress) {
    std::vector<StreamDecoder> coders(payloads.begin(), payloads.end());
    BlockRun<StreamDecoder>(plain.size(), coders, progress)
        .group(predictor, 0, coders.size(), stepping(plain));
}

std::vector<double> stream_bits(Predictor& predictor, ByteSpan plain, std::size_t streams,
                                const BlockProgress& progress) {
    std::vector<StreamMeter> meters(streams);
    BlockRun<StreamMeter>(plain.size(), meters, progress).group(predictor, 0, streams, scoring(plain));
    return measured(meters);
}

void trace_streams(const PredictorMaker& maker, ByteSpan plain, std::size_t streams, const ByteVisit& visit,
                   const BlockProgress& progress) {
    std::vector<StreamTracer> coders = tracers(plain.size(), streams, visit);
    score_streams<StreamTracer>(maker, plain, coders, progress);
}

void trace_streams(Predictor& predictor, ByteSpan plain, std::size_t streams, const ByteVisit& visit,
                   const BlockProgress& progress) {
    std::vector<StreamTracer> coders = tracers(plain.size(), streams, visit);
    BlockRun<StreamTracer>(plain.size(), coders, progress).group(predictor, 0, streams, scoring(plain));
}

void teach_streams(Predictor& predictor, ByteSpan plain, std::size_t streams) {
    std::vector<StreamTeacher> teachers(streams);
    BlockRun<StreamTeacher>(plain.size(), teachers, {}).group(predictor, 0, streams, scoring(plain));
}

}  // namespace bitlaw::coding
