#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "bench_cases.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/predict/learning_predictor.hpp"
#include "bitlaw/predict/mixing_predictor.hpp"
#include "bitlaw/predict/reset.hpp"

// Coding with a network that learns, beside what its parts take: no byte can be coded before it is predicted,
// nor predicted before what is older has been learned, so that the parts' times add up.

namespace bitlaw::cli {

using namespace symbols;
using namespace model;
using namespace predict;

namespace {

constexpr std::size_t kPositions = 2048;  // of a stream: steps whose window is full, but the first few
enum class Direction { encode, decode };

const char* name_of(Direction direction) { return direction == Direction::encode ? "encode" : "decode"; }

// Codes blocks of S streams one after the other, as a chain of an archive does.
BenchCase coder_case(const std::string& name, double flops, std::size_t streams, Direction direction,
                     const std::function<std::unique_ptr<Predictor>()>& make) {
    return {.name = text_of(name, name_of(direction)),
            .flops = flops * static_cast<double>(streams * kPositions),
            .bytes = static_cast<double>(streams * kPositions),
            .prepare = [=]() -> std::function<void()> {
                const std::shared_ptr<Predictor> predictor = make();
                const auto symbols =
                    std::make_shared<std::vector<Symbol>>(random_symbols(streams * kPositions));
                const auto code = std::make_shared<Bytes>(random_bytes(2 * kPositions));
                return [=] {
                    std::vector<StreamEncoder> encoders(streams);
                    std::vector<StreamDecoder> decoders(streams, StreamDecoder(*code));
                    std::vector<Coder*> coders;
                    for (std::size_t i = 0; i < streams; ++i) {
                        coders.push_back(direction == Direction::encode ? static_cast<Coder*>(&encoders[i])
                                                                        : static_cast<Coder*>(&decoders[i]));
                    }
                    predictor->begin(std::vector(streams, kPositions));
                    if (direction == Direction::encode) {
                        predictor->score(coders, *symbols);
                    } else {
                        std::vector<Symbol> came(streams * kPositions);  // [S, n]
                        predictor->step(coders, came);
                    }
                };
            }};
}

MixingOptions mixing_options() { return {.set = ExpertSet::full, .bytes = 1'000'000}; }

}  // namespace

void add_learning_cases(std::vector<BenchCase>& cases, bool quick) {
    using Names = std::vector<std::string>;
    const BenchCase experts = coder_case("learning: experts alone, ", 0, 1, Direction::decode, [] {
        return std::make_unique<MixingPredictor>(mixing_options(), TableMaker(), 1);
    });
    cases.push_back(experts);
    for (const std::string& preset : quick ? Names{"200k"} : Names{"200k", "800k", "3.2m"}) {
        ModelConfig config = preset_config(preset);
        config.arithmetic = Arithmetic::bf16;  // as the models that are shipped have it
        for (const bool mixed : {false, true}) {
            const LearningRecipe recipe = default_recipe({.mixed = mixed});
            const auto streams = static_cast<std::size_t>(recipe.streams);
            const auto coder = [=]() -> std::unique_ptr<Predictor> {
                auto learner = std::make_unique<LearningPredictor>(
                    initial_model(config, 1),
                    LearningOptions{.recipe = recipe, .reset_every = default_reset(config)});
                if (mixed) {
                    return std::make_unique<MixingPredictor>(mixing_options(), std::move(learner));
                }
                return learner;
            };
            const std::string name =
                text_of("learning ", preset, suffix(config.arithmetic), ", ", mixed ? "with experts, " : "");
            const double flops = learning_flops(config, recipe);
            BenchCase stepping = stepper_case(preset, config.arithmetic, config.context, streams, kPositions);
            BenchCase training = step_case(preset, config.arithmetic, recipe.window);
            stepping.name = name + "its stepping alone";
            training.name = name + "its training alone";
            Names parts{stepping.name, training.name};
            cases.push_back(std::move(stepping));
            cases.push_back(std::move(training));
            for (const Direction direction : {Direction::encode, Direction::decode}) {
                cases.push_back(coder_case(name, flops, streams, direction, coder));
            }
            if (mixed) {
                parts.push_back(experts.name);
            }
            cases.push_back({.name = name + "ideal", .parts = std::move(parts)});
        }
    }
}

}  // namespace bitlaw::cli
