#include "bitlaw/train/trainer.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/symbols/vocabulary_file.hpp"
#include "bitlaw/train/calibration.hpp"
#include "bitlaw/train/ranks.hpp"
#include "bitlaw/train/run_record.hpp"
#include "bitlaw/train/run_warnings.hpp"
#include "bitlaw/train/training_state.hpp"
#include "run_start.hpp"
#include "training_run.hpp"

namespace bitlaw::train {

using namespace symbols;

namespace {

// Held while a process trains in a folder.
constexpr const char* kLockFile = "train.lock";

}  // namespace

TrainResult train(const TrainOptions& asked, const std::function<void(const StepReport&)>& on_step,
                  const std::atomic<bool>& stop, const std::function<void(const ResolvedRun&)>& on_start) {
    Ranks alone;
    return train(asked, on_step, stop, on_start, alone);
}

TrainResult train(const TrainOptions& wanted, const std::function<void(const StepReport&)>& on_step,
                  const std::atomic<bool>& stop, const std::function<void(const ResolvedRun&)>& on_start,
                  Ranks& ranks) {
    const FloatStateGuard guard;
    const auto start = std::chrono::steady_clock::now();
    TrainOptions asked = wanted;
    std::optional<Corpus> training_data;
    std::optional<Corpus> validation_data;
    std::optional<FileLock> lock;
    ranks.together([&] {
        if (!asked.tokenizer.empty()) {
            asked.vocabulary = std::make_shared<const Vocabulary>(load_vocabulary(asked.tokenizer));
            asked.config.alphabet = asked.vocabulary->size();
        }
        check_options(asked);
        if (!asked.from.empty()) {
            asked.from_id = first_model_id(asked);
        }
        if (asked.minutes > 0.0 && !ranks.is_alone()) {
            fail_usage("minutes are measured by one process alone; give ", ranks.size(),
                       " ranks tokens instead");
        }
        training_data.emplace(asked.data);
        validation_data.emplace(asked.validation);
        if (asked.vocabulary != nullptr) {
            training_data->tokenise(asked.vocabulary, ~std::uint64_t{0});
            training_data->require_length(asked.config.context);
            validation_data->tokenise(asked.vocabulary, asked.validation_bytes);
        } else {
            for (const std::optional<Corpus>* corpus : {&training_data, &validation_data}) {
                (*corpus)->require_length(asked.config.context);
                (*corpus)->require_alphabet(asked.config.alphabet);
            }
        }
        if (ranks.is_first()) {
            require_no_data_among_results(asked);
            make_folder(asked.out);
            lock.emplace(asked.out / kLockFile, FileLock::Wait::no);
            if (!lock->held()) {
                fail("another process trains in ", asked.out.string(),
                     "; wait for it or name another folder");
            }
            require_free_folder(asked);
        }
    });
    const Corpus& training = *training_data;
    const Corpus& validation = *validation_data;
    ranks.require_same(facts_of(asked, training, validation));

    std::optional<TrainingState> saved;
    if (asked.resume) {
        saved = saved_state(asked.out / kStateFile, ranks);
    }
    const TrainOptions options = saved ? with_saved_rates(asked, saved->progress.options) : asked;
    // A resumed run keeps its length unless another one is asked for.
    const bool keeps_length = saved && options.tokens == 0;
    const SymbolRate rate = training.rate();
    ResolvedRun run = resolve_run(options, validation, keeps_length ? saved->progress.steps : 0, rate);
    if (run.steps == 0) {
        const double left = options.minutes * 60.0 -
                            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        run = resolve_run(options, validation, steps_for(left, run, training, options.validate_every, stop),
                          rate);
    }
    TrainingProgress progress;
    if (saved) {
        ranks.together([&] { require_same_run(saved->progress, run, training, validation); });
        progress = saved->progress;
    } else {
        ranks.together([&] {
            if (ranks.is_first()) {
                remove_old_run(options.out);
            }
        });
        progress.config = options.config;
        progress.training = training.sources();
        progress.validation = validation.sources();
    }
    const bool is_validation_seen = tell_warnings(options, run, training, validation, ranks.size());
    progress.options = record_text(run);
    progress.vocabulary = options.vocabulary;
    progress.steps = run.steps;
    if (on_start) {
        on_start(run);
    }
    TrainingRun process(run, training, validation, std::move(progress), start, ranks);
    if (saved) {
        process.restore(*std::move(saved));
    }
    saved.reset();  // its tensors would stay in memory for the whole run
    TrainResult result = process.finish(on_step, stop);
    result.is_validation_seen = is_validation_seen;
    return result;
}

}  // namespace bitlaw::train
