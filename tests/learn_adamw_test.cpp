#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/learn/adamw.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::learn;

namespace {

constexpr AdamOptions kOptions{.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.1};

// One weight's life in double, after the algorithm in the paper.
struct Reference {
    double weight;
    double first = 0.0;
    double second = 0.0;
    void step(double gradient, double rate, double decay, int t) {
        first = kOptions.beta1 * first + (1 - kOptions.beta1) * gradient;
        second = kOptions.beta2 * second + (1 - kOptions.beta2) * gradient * gradient;
        const double m = first / (1 - std::pow(kOptions.beta1, t));
        const double v = second / (1 - std::pow(kOptions.beta2, t));
        weight -= rate * decay * weight + rate * m / (std::sqrt(v) + kOptions.epsilon);
    }
};

bool decays(const Layout& layout, std::size_t element) {
    const auto ends = [](const std::string& name, const std::string& end) { return name.ends_with(end); };
    for (const Tensor& tensor : layout.tensors()) {
        if (element >= tensor.offset && element < tensor.offset + tensor.size()) {
            return ends(tensor.name, ".qkv") || ends(tensor.name, ".attention_out") ||
                   ends(tensor.name, ".up") || ends(tensor.name, ".down") || tensor.name == "output";
        }
    }
    return false;
}

}  // namespace

TEST_CASE("AdamW follows a double-precision reference; decay is on the products' matrices only") {
    const test::MachineScope scope;
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        ModelConfig config = test::tiny_config(architecture, 2);
        config.hidden = 1200;  // matrices of more than one chunk
        Model model(config);
        const std::size_t size = model.layout.size;
        Random random(3);
        std::vector<Reference> references;
        for (float& weight : model.weights) {
            weight = static_cast<float>(random.normal());
            references.push_back({.weight = static_cast<double>(weight)});
        }
        AdamW adam(model.layout, kOptions);
        constexpr int kSteps = 10;
        constexpr double kRate = 0.01;
        std::vector<float> gradient(size);
        for (int t = 1; t <= kSteps; ++t) {
            set_thread_count(1 + static_cast<std::size_t>(t) % 2);
            for (std::size_t i = 0; i < size; ++i) {
                gradient[i] = static_cast<float>(random.normal());
                // The scale is a power of two, so that it is exact.
                references[i].step(0.25 * static_cast<double>(gradient[i]), kRate,
                                   decays(model.layout, i) ? kOptions.weight_decay : 0.0, t);
            }
            adam.step(gradient, kRate, 0.25F, model.weights);
        }
        // A step changes a weight by at most rate * (|m| / sqrt(v) + decay |w|), with |m| / sqrt(v) < 5 for
        // these betas; each of its dozen operations errs by 2^-24 relative, the moments carry 10 steps'
        // errors, and where m nearly cancels the error is still relative to the gradients. The weight itself
        // is rounded each step.
        double worst = 0.0;
        for (std::size_t i = 0; i < size; ++i) {
            const double weight = references[i].weight;
            const double bound = kSteps * 0x1p-24 * (std::abs(weight) + 0.5 + kRate * 5.0 * 4.0 * 12.0);
            worst = std::max(worst, std::abs(static_cast<double>(model.weights[i]) - weight) / bound);
        }
        CHECK(worst < 1.0);
        CHECK(adam.moments().beta1_power == doctest::Approx(std::pow(0.9, kSteps)).epsilon(1e-14));
    }
}

TEST_CASE("restored moments continue exactly") {
    Model model = initial_model(test::tiny_config(Architecture::modern), 1);
    Model copy = model;
    AdamW straight(model.layout, kOptions);
    const std::vector<float> gradient(model.layout.size, 0.5F);
    straight.step(gradient, 0.1, 1.0F, model.weights);
    AdamW resumed(copy.layout, kOptions);
    resumed.restore(straight.moments());
    copy.weights = model.weights;
    straight.step(gradient, 0.1, 1.0F, model.weights);
    resumed.step(gradient, 0.1, 1.0F, copy.weights);
    CHECK(model.weights == copy.weights);
    CHECK(straight.moments().second == resumed.moments().second);
}
