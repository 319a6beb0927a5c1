// Prints what a step is made of, for each preset, as CSV: seconds of the processor, so that a busy machine does not count, of the gradient of
// one leaf and of an update (norm, AdamW, Muon, packing), with one thread. run.sh compiles it.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/model/specs.hpp"

using namespace bitlaw;

namespace {

double processor_seconds() {
    struct timespec now {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The median of so many calls, after one that warms the caches.
template <class Work>
double median(int calls, const Work& work) {
    work();
    std::vector<double> seconds;
    for (int i = 0; i < calls; ++i) {
        const double start = processor_seconds();
        work();
        seconds.push_back(processor_seconds() - start);
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
}

}  // namespace

int main() {
    set_thread_count(1);
    std::puts("network,parameters,context,leaf_s,update_s");
    for (const std::string preset : {"200k", "800k", "3.2m", "10m"}) {
        const model::ModelConfig config = model::preset_config(preset);
        learn::LearnerOptions options{.adam = {.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8, .weight_decay = 0.1}};
        options.muon.enabled = true;
        learn::Learner learner(model::initial_model(config, 1), options);
        Random random(2);
        std::vector<symbols::Symbol> symbols(learner.leaf() * config.context);
        std::generate(symbols.begin(), symbols.end(),
                      [&] { return static_cast<symbols::Symbol>(random.below(256)); });
        Floats gradient(learner.model().layout.size);
        std::generate(gradient.begin(), gradient.end(), [&] { return static_cast<float>(random.normal()); });
        const double leaf = median(preset == "10m" ? 1 : 3, [&] { learner.add_leaf(symbols, 1e-5F); });
        (void)learner.update(0.0);
        const double update = median(5, [&] { (void)learner.update(1e-6, gradient, 1.0); });
        std::printf("%s,%zu,%u,%.5f,%.5f\n", preset.c_str(), learner.model().layout.size,
                    static_cast<unsigned>(config.context), leaf, update);
        std::fflush(stdout);
    }
}
