#pragma once
/// \file The seam between prediction and all that uses it: coding, eval, sample, bench and table know nothing
/// else. Exactness class A.
///
/// A predictor has S streams that advance in lock step. It does not hand out a distribution; it *asks* each
/// stream's Coder, which answers with the symbol: an encoder writes what it was given, a decoder reads. So
/// the predictor alone decides what a question is (one choice among V symbols, or eight bits of a byte, each
/// of which depends on the bits before and none of which needs a table of 256), in which order streams are
/// asked, and what it does between two questions.
///
/// Why encoder and decoder stay short mirrors. score() is given the symbols and step() finds them out; both
/// ask the same questions in the same order and leave the same state. The encoder is a loop of score(), the
/// decoder the same loop of step(), and neither knows what is inside:
/// - A byte mixer asks bit by bit and updates after every answer, which is the same bit on both sides.
/// - Streams that share history are asked position by position, and within one in ascending order; stream s
///   may depend on what stream s-1 answered at the same position.
/// - A network that learns counts positions from begin(). After every T of them it takes a step with the
///   S T symbols that came, inside score() and step() alike; score() looks ahead no further than to the next
///   such step. Where a caller cuts the symbols into calls changes no bit.
/// - A chain of blocks is one predictor and a begin() for each block: contexts restart, what was learned
///   stays. A block that was coded by other means is scored with StreamTeacher, which leaves the same state.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "bitlaw/predict/coder.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::predict {

/// S streams in lock step. Serial to its caller; it may use parallel_for inside. Coders are asked by one
/// thread at a time.
class Predictor {
   public:
    Predictor() = default;
    Predictor(const Predictor&) = delete;
    Predictor& operator=(const Predictor&) = delete;
    virtual ~Predictor() = default;

    /// A new block of S = lengths.size() >= 1 streams; stream s ends after lengths[s] positions. Contexts are
    /// empty; what was learned stays.
    void begin(std::span<const std::size_t> lengths);

    /// The next n positions of every stream whose symbols its coder finds out. coders [S]; symbols [S, n]:
    /// given to the coders as `known`, and what came on return. Entries behind a stream's end are neither
    /// read nor written, and its coder is not asked.
    void step(std::span<Coder* const> coders, std::span<symbols::Symbol> symbols);

    /// The same questions when all symbols [S, n] are known: the encoder's short cut. Same bits, same state
    /// afterwards. Between two begin() either step or score is called, not both.
    void score(std::span<Coder* const> coders, std::span<const symbols::Symbol> symbols);

    /// S of the last begin().
    [[nodiscard]] std::size_t streams() const { return lengths_.size(); }
    /// V: all symbols are below it.
    [[nodiscard]] virtual std::size_t alphabet() const = 0;

   protected:
    enum class Way { undecided, stepping, scoring };

    /// Whether stream s has a symbol `ahead` positions from now.
    [[nodiscard]] bool running(std::size_t stream, std::size_t ahead = 0) const {
        return position_ + ahead < lengths_[stream];
    }
    /// Of the next n positions, those that stream s has.
    [[nodiscard]] std::size_t left(std::size_t stream, std::size_t n) const;
    /// visit(stream, i) for the next n positions i of the streams that have them, in the order of questions.
    template <class Visit>
    void each_running(std::size_t n, const Visit& visit) const {
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t stream = 0; stream < streams(); ++stream) {
                if (running(stream, i)) {
                    visit(stream, i);
                }
            }
        }
    }
    /// Positions since begin().
    [[nodiscard]] std::size_t position() const { return position_; }
    [[nodiscard]] std::span<const std::size_t> lengths() const { return lengths_; }
    /// Positions that are done: step_streams and score_streams count all n, as they go or at their end.
    void advance(std::size_t positions) { position_ += positions; }
    /// Holds the caller to one way between two begin().
    void claim(Way way);

   private:
    virtual void begin_streams() = 0;  // lengths() and streams() are the new ones
    virtual void step_streams(std::span<Coder* const> coders, std::span<symbols::Symbol> symbols,
                              std::size_t n) = 0;
    virtual void score_streams(std::span<Coder* const> coders, std::span<const symbols::Symbol> symbols,
                               std::size_t n) = 0;
    [[nodiscard]] std::size_t positions_of(std::size_t symbols) const;
    void check_symbols(std::span<const symbols::Symbol> symbols, std::size_t n) const;
    friend class TablePredictor;

    std::vector<std::size_t> lengths_;  // [S]
    std::size_t longest_ = 0;
    std::size_t position_ = 0;
    Way way_ = Way::undecided;
};

/// Frequencies of the next symbols of S streams: [S, V], row-major.
struct FrequencyTable {
    std::size_t alphabet = 0;
    std::vector<std::uint32_t> frequency;
    void resize(std::size_t streams, std::size_t symbols);
    [[nodiscard]] std::span<std::uint32_t> row(std::size_t stream) {
        return std::span(frequency).subspan(stream * alphabet, alphabet);
    }
    [[nodiscard]] std::span<const std::uint32_t> row(std::size_t stream) const {
        return std::span(frequency).subspan(stream * alphabet, alphabet);
    }
};

/// A predictor whose streams know nothing of each other's symbols at the same position, such as a network, so
/// that the predictions of a position are a table. It can be an expert of a mixer, which takes the tables
/// itself: with predict() and accept() position by position, or with the visits of score().
class TablePredictor : public Predictor {
   public:
    using Predictor::score;

    /// Fills out [S, V] with the next symbols' frequencies, each at least 1 with a sum of at most
    /// entropy::kMaxTotal; rows of ended streams are not written. accept() must follow.
    void predict(FrequencyTable& out);
    /// The symbols that came: [S]. Entries of ended streams are not read.
    void accept(std::span<const symbols::Symbol> symbols);

    /// (stream, frequency [V] valid during the call, symbol).
    using Visit = std::function<void(std::size_t, std::span<const std::uint32_t>, symbols::Symbol)>;
    /// Visits the predictions of known symbols [S, n], position by position and within one in ascending order
    /// of the streams, one table at a time: memory does not grow with n.
    void score(std::span<const symbols::Symbol> symbols, const Visit& visit);

   private:
    void step_streams(std::span<Coder* const> coders, std::span<symbols::Symbol> symbols,
                      std::size_t n) final;
    void score_streams(std::span<Coder* const> coders, std::span<const symbols::Symbol> symbols,
                       std::size_t n) final;
    // One position of all streams; then row() gives a running stream's frequencies [V], and accept_row()
    // takes what came [S], where entries of ended streams say nothing.
    virtual void predict_row() = 0;
    virtual void row(std::size_t stream, std::span<std::uint32_t> frequency) = 0;
    virtual void accept_row(std::span<const symbols::Symbol> symbols) = 0;
    virtual void visit_rows(std::span<const symbols::Symbol> symbols, std::size_t n, const Visit& visit) = 0;

    std::vector<std::uint32_t> frequency_;  // [V]
    std::vector<symbols::Symbol> came_;     // [S]
};

/// How coding makes predictors of one kind, and what it must know to share streams out among threads.
struct PredictorMaker {
    std::function<std::unique_ptr<Predictor>()> make;
    std::size_t alphabet = 256;  ///< V: symbols are below it
    /// Streams neither share history nor learn together: coding makes a predictor for a group of streams on
    /// each thread, without barriers, and a stream's code does not depend on the group. Otherwise one
    /// predictor has all streams.
    bool independent = true;
    std::size_t group_streams = 1;   ///< streams of a group that are stepped fastest; speed only
    std::uint64_t stream_bytes = 0;  ///< memory of one stream's context while stepping
};

}  // namespace bitlaw::predict
