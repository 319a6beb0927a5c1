#pragma once
/// \file What every Predictor must do, as one function that returns what a predictor does not: so that tests
/// can show, with broken ones, that it finds something.
///
/// A run of a predictor is the list of its questions with their answers, in the order in which they were
/// asked. Nearly all that is promised says that two runs are equal.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/predict/predictor.hpp"
#include "support/hostile_float_state.hpp"
#include "support/isa_scope.hpp"
#include "support/threads.hpp"

namespace bitlaw::test {

/// What was asked about one stream: a table of frequencies, or the shares of a one of 2^bits.
struct Question {
    std::size_t stream = 0;
    std::vector<std::uint32_t> shares;  ///< [V], or one
    unsigned bits = 0;                  ///< 0: a table
    std::uint32_t answer = 0;
    bool operator==(const Question&) const = default;
    [[nodiscard]] bool asks_the_same(const Question& other) const {
        return stream == other.stream && bits == other.bits && shares == other.shares;
    }
};
using Run = std::vector<Question>;

/// Writes down what is asked; another coder answers.
class Recorder final : public predict::Coder {
   public:
    Recorder(std::size_t stream, Run& run, predict::Coder& inner)
        : stream_(stream), run_(run), inner_(inner) {}
    symbols::Symbol symbol(std::span<const std::uint32_t> frequency, symbols::Symbol known) override {
        const symbols::Symbol symbol = inner_.symbol(frequency, known);
        run_.push_back({stream_, {frequency.begin(), frequency.end()}, 0, symbol});
        return symbol;
    }
    bool bit(std::uint32_t ones, unsigned bits, bool known) override {
        const bool bit = inner_.bit(ones, bits, known);
        run_.push_back({stream_, {ones}, bits, bit ? 1U : 0U});
        return bit;
    }

   private:
    std::size_t stream_;
    Run& run_;
    predict::Coder& inner_;
};

/// Symbols of streams that may have different lengths.
using Streams = std::vector<std::vector<symbols::Symbol>>;

[[nodiscard]] inline Streams random_streams(const std::vector<std::size_t>& lengths, std::size_t alphabet,
                                            std::uint64_t seed) {
    Random random(seed);
    Streams streams;
    for (const std::size_t length : lengths) {
        std::vector<symbols::Symbol>& symbols = streams.emplace_back(length);
        for (symbols::Symbol& symbol : symbols) {
            // Mostly one of a few, so that there is something to predict.
            symbol = static_cast<symbols::Symbol>(random.below(random.below(3) == 0 ? alphabet : 2));
        }
    }
    return streams;
}

/// Takes a predictor through one block in calls of `cut` positions. Asks `coders` [S]; what they answer comes
/// back. step: what they are given is `given`, which a coder that finds out must not need; score: the
/// symbols.
class BlockRunner {
   public:
    enum class Way { step, score };
    BlockRunner(predict::Predictor& predictor, Way way, std::size_t cut)
        : predictor_(predictor), way_(way), cut_(cut) {}

    [[nodiscard]] Streams run(const Streams& streams, std::span<predict::Coder* const> coders) const {
        std::vector<std::size_t> lengths;
        for (const auto& stream : streams) {
            lengths.push_back(stream.size());
        }
        predictor_.begin(lengths);
        Streams came = streams;
        const std::size_t longest = *std::max_element(lengths.begin(), lengths.end());
        for (std::size_t position = 0; position < longest; position += cut_) {
            const std::size_t n = std::min(cut_, longest - position);
            // Behind a stream's end stands what no alphabet has: it must not be looked at.
            std::vector<symbols::Symbol> symbols(streams.size() * n, symbols::Symbol(~symbols::Symbol{0}));
            const auto each = [&](const auto& visit) {
                for (std::size_t s = 0; s < streams.size(); ++s) {
                    for (std::size_t t = position; t < std::min(position + n, lengths[s]); ++t) {
                        visit(s, t, symbols[s * n + t - position]);
                    }
                }
            };
            each([&](std::size_t s, std::size_t t, symbols::Symbol& symbol) { symbol = streams[s][t]; });
            if (way_ == Way::score) {
                predictor_.score(coders, symbols);
            } else {
                predictor_.step(coders, symbols);
                each([&](std::size_t s, std::size_t t, symbols::Symbol& symbol) { came[s][t] = symbol; });
            }
        }
        return came;
    }

   private:
    predict::Predictor& predictor_;
    Way way_;
    std::size_t cut_;
};

/// The suite. `lengths`: of the streams of its blocks; the longest should cross whatever the predictor does
/// rarely (learning, moving its window).
class PredictorConformance {
   public:
    explicit PredictorConformance(const predict::PredictorMaker& maker,
                                  std::vector<std::size_t> lengths = {70, 71, 1, 0, 40})
        : maker_(maker),
          lengths_(std::move(lengths)),
          blocks_{random_streams(lengths_, maker.alphabet, 1), random_streams(lengths_, maker.alphabet, 2)} {}

    /// One line for every promise that is broken; empty for a predictor that conforms.
    [[nodiscard]] std::vector<std::string> violations() {
        violations_.clear();
        check("it can be asked", [&] { reference(); });
        check("questions are sound and in order", [&] { sound(); });
        check("score = step, however symbols are cut into calls", [&] { cuts(); });
        check("every instruction set, number of threads and floating-point state", [&] { machines(); });
        check("causal: what comes later changes nothing", [&] { causal(); });
        check("streams that are called independent are", [&] { independent(); });
        check("a block is decoded from its code alone", [&] { round_trip(); });
        check("any code gives symbols", [&] { hostile_code(); });
        check("wrong use is an Error", [&] { wrong_use(); });
        return violations_;
    }

   private:
    using Way = BlockRunner::Way;

    struct Broken {
        std::string what;
    };
    static void require(bool condition, const std::string& what) {
        if (!condition) {
            throw Broken{what};
        }
    }
    template <class Work>
    void check(const std::string& promise, const Work& work) {
        try {
            work();
        } catch (const Broken& broken) {
            violations_.push_back(promise + ": " + broken.what);
        } catch (const std::exception& error) {
            violations_.push_back(promise + ": " + error.what());
        }
    }

    // Questions about blocks one after the other, by one predictor, each with its way.
    [[nodiscard]] Run questions(const std::vector<Streams>& blocks, const std::vector<Way>& ways,
                                std::size_t cut) const {
        const auto predictor = maker_.make();
        Run run;
        for (std::size_t block = 0; block < blocks.size(); ++block) {
            predict::StreamTeacher teacher;
            std::vector<Recorder> recorders;
            for (std::size_t s = 0; s < blocks[block].size(); ++s) {
                recorders.emplace_back(s, run, teacher);
            }
            std::vector<predict::Coder*> coders;
            for (Recorder& recorder : recorders) {
                coders.push_back(&recorder);
            }
            (void)BlockRunner(*predictor, ways[block], cut).run(blocks[block], coders);
        }
        return run;
    }

    void reference() {
        const Threads threads(1);
        const IsaScope isa(kernels::Isa::scalar);
        expected_ = questions(blocks_, {Way::score, Way::score}, 1000);
    }

    void sound() const {
        auto question = expected_.begin();
        for (const Streams& block : blocks_) {
            for (std::size_t t = 0; t < *std::max_element(lengths_.begin(), lengths_.end()); ++t) {
                for (std::size_t s = 0; s < block.size(); ++s) {
                    if (t < block[s].size()) {
                        sound_symbol(question, s, block[s][t]);
                    }
                }
            }
        }
        require(question == expected_.end(), "there are questions about symbols that are none");
    }

    // Moves past the questions about one symbol.
    void sound_symbol(Run::const_iterator& question, std::size_t stream, symbols::Symbol symbol) const {
        std::uint32_t answer = 0;
        for (int left = 8; left > 0; --left, ++question) {
            require(question != expected_.end(), "a symbol was not asked for");
            require(question->stream == stream, "streams are not asked in ascending order");
            if (question->bits == 0) {
                require(question->shares.size() == maker_.alphabet, "a table has another alphabet");
                std::uint64_t sum = 0;
                for (const std::uint32_t frequency : question->shares) {
                    require(frequency >= 1, "a symbol has no chance");
                    sum += frequency;
                }
                require(sum <= entropy::kMaxTotal, "a table's sum is too large");
                answer = question->answer;
                left = 1;
            } else {
                const std::uint64_t all = std::uint64_t{1} << question->bits;
                require(question->bits <= 32, "a probability has too many bits");
                require(question->shares[0] >= 1 && question->shares[0] < all, "a bit has no chance");
                answer = answer << 1 | question->answer;
            }
        }
        require(answer == symbol, "the answers are not the symbol");
    }

    void cuts() const {
        for (const std::size_t cut : {1, 5, 32, 1000}) {
            for (const Way first : {Way::score, Way::step}) {
                for (const Way second : {Way::score, Way::step}) {
                    require(questions(blocks_, {first, second}, cut) == expected_,
                            text_of("in calls of ", cut, first == Way::step ? ", stepped" : ", scored",
                                    second == Way::step ? ", then stepped" : ", then scored"));
                }
            }
        }
    }

    void machines() const {
        for (const kernels::Isa isa : kernels::available_isas()) {
            for (const std::size_t count : {1, 2, 3, 16}) {
                const IsaScope isa_scope(isa);
                const Threads threads(count);
                for (const Way way : {Way::score, Way::step}) {
                    require(questions(blocks_, {way, way}, 33) == expected_,
                            text_of(kernels::isa_name(isa), ", ", count, " threads"));
                }
            }
        }
        const HostileFloatState hostile;
        for (const Way way : {Way::score, Way::step}) {
            require(questions(blocks_, {way, way}, 33) == expected_, "a hostile floating-point state");
        }
    }

    // Changes one symbol of each block in turn: up to the first answer that differs nothing may differ.
    void causal() const {
        for (std::size_t block = 0; block < blocks_.size(); ++block) {
            for (std::size_t s = 0; s < lengths_.size(); ++s) {
                for (const std::size_t t : {std::size_t{0}, lengths_[s] / 2, lengths_[s] - 1}) {
                    if (t >= lengths_[s]) {
                        continue;
                    }
                    std::vector<Streams> changed = blocks_;
                    changed[block][s][t] = static_cast<symbols::Symbol>(
                        (changed[block][s][t] + 1 + t % (maker_.alphabet - 1)) % maker_.alphabet);
                    const Run other = questions(changed, {Way::score, Way::score}, 1000);
                    std::size_t i = 0;
                    while (i < std::min(other.size(), expected_.size()) &&
                           other[i].answer == expected_[i].answer) {
                        require(other[i] == expected_[i], text_of("question ", i, " knows the future"));
                        ++i;
                    }
                    require(i < other.size() && other[i].asks_the_same(expected_[i]),
                            text_of("question ", i, " knows its answer"));
                }
            }
        }
    }

    void independent() const {
        if (!maker_.independent) {
            return;
        }
        const auto about = [](const Run& run, std::size_t stream) {
            Run some;
            for (Question question : run) {
                if (question.stream == stream) {
                    question.stream = 0;
                    some.push_back(question);
                }
            }
            return some;
        };
        const Streams& streams = blocks_[1];
        const Run together = questions({streams}, {Way::score}, 1000);
        require(std::equal(together.begin(), together.end(),
                           expected_.end() - static_cast<std::ptrdiff_t>(together.size())),
                "the second block depends on the first");
        for (std::size_t s = 0; s < streams.size(); ++s) {
            if (!streams[s].empty()) {
                for (const Way way : {Way::score, Way::step}) {
                    require(questions({{streams[s]}}, {way}, 1000) == about(together, s),
                            text_of("stream ", s, " depends on those beside it"));
                }
            }
        }
    }

    void round_trip() const {
        const auto writer = maker_.make();
        const auto reader = maker_.make();
        for (const Streams& block : blocks_) {
            std::vector<predict::StreamEncoder> encoders(block.size());
            (void)BlockRunner(*writer, Way::score, 1000).run(block, addresses(encoders));
            std::vector<Bytes> codes;
            for (predict::StreamEncoder& encoder : encoders) {
                codes.push_back(encoder.finish());
            }
            std::vector<predict::StreamDecoder> decoders(codes.begin(), codes.end());
            Streams unknown = block;
            for (auto& stream : unknown) {
                std::fill(stream.begin(), stream.end(), symbols::Symbol(maker_.alphabet - 1));
            }
            const Threads threads(2);
            require(BlockRunner(*reader, Way::step, 32).run(unknown, addresses(decoders)) == block,
                    "what is decoded is not what was encoded");
        }
    }

    void hostile_code() const {
        Random random(9);
        Bytes noise(400);
        for (std::uint8_t& byte : noise) {
            byte = static_cast<std::uint8_t>(random.below(256));
        }
        for (const Bytes& code : {Bytes{}, Bytes(400, 0x00), Bytes(400, 0xFF), noise}) {
            const auto predictor = maker_.make();
            std::vector<predict::StreamDecoder> decoders(lengths_.size(), predict::StreamDecoder(code));
            const Streams came = BlockRunner(*predictor, Way::step, 7).run(blocks_[0], addresses(decoders));
            for (const auto& stream : came) {
                for (const symbols::Symbol symbol : stream) {
                    require(symbol < maker_.alphabet, text_of("symbol ", symbol));
                }
            }
        }
    }

    void wrong_use() const {
        const auto refused = [&](const char* what, const auto& work) {
            const auto predictor = maker_.make();
            predict::StreamTeacher teacher;
            predict::Coder* const coder = &teacher;
            const std::size_t length = 3;
            predictor->begin({&length, 1});
            std::vector<symbols::Symbol> symbols(3, 0);
            try {
                work(*predictor, std::span(&coder, 1), symbols);
            } catch (const Error&) {
                return;
            }
            throw Broken{what};
        };
        using Coders = std::span<predict::Coder* const>;
        using Symbols = std::vector<symbols::Symbol>;
        refused("both ways in one block", [](predict::Predictor& p, Coders coders, Symbols& symbols) {
            p.step(coders, std::span(symbols).first(1));
            p.score(coders, std::span(symbols).first(1));
        });
        refused("more positions than there are", [](predict::Predictor& p, Coders coders, Symbols& symbols) {
            symbols.push_back(0);
            p.score(coders, symbols);
        });
        refused("coders of other streams", [](predict::Predictor& p, Coders coders, Symbols& symbols) {
            p.step(coders.first(0), symbols);
        });
        if (maker_.alphabet <= symbols::Symbol(~symbols::Symbol{0})) {
            refused("a symbol beyond the alphabet",
                    [&](predict::Predictor& p, Coders coders, Symbols& symbols) {
                        symbols[2] = static_cast<symbols::Symbol>(maker_.alphabet);
                        p.score(coders, symbols);
                    });
        }
    }

    template <class Coders>
    static std::vector<predict::Coder*> addresses(Coders& coders) {
        std::vector<predict::Coder*> result;
        for (predict::Coder& coder : coders) {
            result.push_back(&coder);
        }
        return result;
    }

    predict::PredictorMaker maker_;
    std::vector<std::size_t> lengths_;  // [S]
    std::vector<Streams> blocks_;       // two of a chain
    Run expected_;
    std::vector<std::string> violations_;
};

/// The violations of a predictor in one line, "" when there are none.
[[nodiscard]] inline std::string violations_of(const predict::PredictorMaker& maker,
                                               const std::vector<std::size_t>& lengths = {70, 71, 1, 0, 40}) {
    std::string text;
    for (const std::string& violation : PredictorConformance(maker, lengths).violations()) {
        text += (text.empty() ? "" : "; ") + violation;
    }
    return text;
}

}  // namespace bitlaw::test
