#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/coding/block.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "bitlaw/predict/stepper.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace symbols;
using namespace kernels;
using namespace model;
using namespace predict;
using namespace train;
using namespace coding;

namespace {

// Draws the next symbol from the integer frequencies that the coder would use: class A, so a seed gives the
// same text everywhere. Logits [V] are divided by the temperature first; at 0 the likeliest symbol is taken.
class Sampler {
   public:
    Sampler(std::size_t alphabet, double temperature, std::uint64_t seed)
        : temperature_(temperature), scaled_(alphabet), frequencies_(alphabet), random_(seed) {}

    Symbol draw(const float* logits) {
        const std::size_t alphabet = scaled_.size();
        if (temperature_ == 0.0) {
            return static_cast<Symbol>(std::max_element(logits, logits + alphabet) - logits);
        }
        kernel_table().scale(logits, static_cast<float>(1.0 / temperature_), alphabet, scaled_.data());
        frequencies_of(scaled_, frequencies_);
        const std::uint64_t total =
            std::accumulate(frequencies_.begin(), frequencies_.end(), std::uint64_t{0});
        std::uint64_t place = random_.below(total);
        std::size_t symbol = 0;
        while (place >= frequencies_[symbol]) {
            place -= frequencies_[symbol++];
        }
        return static_cast<Symbol>(symbol);
    }

   private:
    double temperature_;
    std::vector<float> scaled_;
    std::vector<std::uint32_t> frequencies_;
    Random random_;
};

}  // namespace

int run_sample(const SampleArguments& a) {
    const FloatStateGuard float_state;
    // Logits divided by less could leave fp32's range, and differences of 0.02 already decide at this one.
    constexpr double kLeastTemperature = 1e-3;
    if (a.temperature != 0.0 && a.temperature < kLeastTemperature) {
        fail_usage("--temperature: ", a.temperature, " is too small; it must be 0 or lie in ",
                   kLeastTemperature, " .. 100");
    }
    ModelShelf shelf(a.model);
    const StoredModel& stored = shelf.chosen();
    const ModelConfig& config = stored.model.config;
    if (config.alphabet > 256) {
        fail("the model's alphabet has ", config.alphabet,
             " symbols, which are no bytes; sample needs a byte model");
    }
    check_context_memory(config);
    const PackedModel packed(stored.model, PackFor::inference);
    Stepper stepper(packed, 1, default_reset(config));
    for (const char c : a.prompt) {
        const Symbol symbol = static_cast<unsigned char>(c);
        if (symbol >= config.alphabet) {
            fail_usage("--prompt: byte ", symbol, " is not in the model's alphabet of ", config.alphabet);
        }
        (void)stepper.predict();
        stepper.accept({&symbol, 1});
    }
    Output out;
    Sampler sampler(config.alphabet, a.temperature, a.seed);
    for (std::uint64_t i = 0; i < a.bytes; ++i) {
        throw_if_stopped("the text ends here");
        const Symbol symbol = sampler.draw(stepper.predict());
        const auto byte = static_cast<std::uint8_t>(symbol);
        out.write({&byte, 1});
        stepper.accept({&symbol, 1});
    }
    if (is_terminal(STDOUT_FILENO)) {
        note("");
    }
    return kDone;
}

}  // namespace bitlaw::cli
