#include <unistd.h>

#include <memory>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/predict/drawer.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace symbols;
using namespace model;
using namespace predict;
using namespace train;

int run_sample(const SampleArguments& a) {
    const FloatStateGuard float_state;
    // Logits divided by less could leave fp32's range, and differences of 0.02 already decide at this one.
    constexpr double kMinTemperature = 1e-3;
    if (a.temperature != 0.0 && a.temperature < kMinTemperature) {
        fail_usage("--temperature: ", a.temperature, " is too small; it must be 0 or lie in ",
                   kMinTemperature, " .. 100");
    }
    ModelShelf shelf(a.model);
    const StoredModel& stored = shelf.chosen();
    const ModelConfig& config = stored.model.config;
    if (config.alphabet > 256) {
        fail("the model's alphabet has ", config.alphabet,
             " symbols, which are no bytes; sample needs a byte model");
    }
    const PackedModel packed(stored.model, PackFor::inference);
    const PredictorMaker maker = network_predictors(
        packed,
        {.reset_every = default_reset(config), .temperature = a.temperature == 0.0 ? 1.0 : a.temperature});
    const std::unique_ptr<Predictor> predictor = maker.make();
    const std::size_t length = a.prompt.size() + a.bytes;
    predictor->begin({&length, 1});
    const auto next = [&](Coder& coder, Symbol symbol) {
        Coder* const asked = &coder;
        predictor->step({&asked, 1}, {&symbol, 1});
        return symbol;
    };
    StreamTeacher prompt;
    for (const char c : a.prompt) {
        const Symbol symbol = static_cast<unsigned char>(c);
        if (symbol >= config.alphabet) {
            fail_usage("--prompt: byte ", symbol, " is not in the model's alphabet of ", config.alphabet);
        }
        (void)next(prompt, symbol);
    }
    Output out;
    Drawer drawer(a.seed, a.temperature == 0.0);
    for (std::uint64_t i = 0; i < a.bytes; ++i) {
        throw_if_stopped("the text ends here");
        const auto byte = static_cast<std::uint8_t>(next(drawer, 0));
        out.write({&byte, 1});
    }
    if (is_terminal(STDOUT_FILENO)) {
        note("");
    }
    return kDone;
}

}  // namespace bitlaw::cli
