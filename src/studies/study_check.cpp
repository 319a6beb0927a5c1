#include "bitlaw/studies/study_check.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/studies/study_results.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/overlap.hpp"
#include "bitlaw/train/resolved_run.hpp"

namespace bitlaw::studies {

using namespace train;

namespace {

namespace fs = std::filesystem;

// One step after the other, each of which throws what it finds. Those that need data which are not there find
// nothing: that they are missing was found before.
class Checker {
   public:
    Checker(StudyPlan& plan, const StudyData& data) : plan_(plan), data_(data) {
        for (const StudyTrunk& trunk : plan.trunks) {
            longest_ = std::max(longest_, trunk.data_bytes);
        }
    }

    // Calls handle(step) for the steps in order.
    template <class Handle>
    void each(const Handle& handle) {
        using Step = void (Checker::*)();
        constexpr std::array<Step, 7> kSteps{&Checker::open_data,       &Checker::open_held_out,
                                             &Checker::require_apart,   &Checker::require_sequences,
                                             &Checker::require_options, &Checker::require_results,
                                             &Checker::require_folder};
        for (const Step step : kSteps) {
            handle([&] { (this->*step)(); });
        }
    }

    [[nodiscard]] std::vector<std::string> warnings() const {
        std::vector<std::string> list;
        const StudyConfig& config = plan_.config;
        if (held_out_ && held_out_->bytes(0).size() < config.held_out_bytes) {
            list.push_back(text_of("the held-out data have ", with_commas(held_out_->bytes(0).size()),
                                   " bytes, and not the ", with_commas(config.held_out_bytes),
                                   " of held_out_bytes"));
        }
        if (!overlap_text_.empty()) {
            list.push_back(overlap_text_);
        }
        std::set<std::uint32_t> contexts;
        for (const StudyTrunk& trunk : plan_.trunks) {
            // A step has at least one sequence.
            if (trunk.batch_bytes == trunk.config.context && contexts.insert(trunk.config.context).second &&
                study_batch(config, trunk.steps * trunk.batch_bytes, 1) < trunk.config.context) {
                list.push_back(text_of("steps with the context ", trunk.config.context,
                                       " have one sequence, which is more than the config's batch"));
            }
        }
        return list;
    }

   private:
    void open_data() {
        if (parse_weighted_range(data_.data).weight) {
            fail_usage("data: a study reads one file or range, without a weight; leave ", data_.data,
                       "'s out");
        }
        Corpus corpus({data_.data});
        if (corpus.bytes(0).size() < longest_) {
            fail_usage(data_.data, " has ", corpus.bytes(0).size(), " bytes, but the config trains on ",
                       longest_, "; name larger data or train on less");
        }
        const std::uint64_t begin = corpus.sources()[0].begin;
        trained_.emplace(
            std::vector<std::string>{text_of(corpus.path(0).string(), '@', begin, ':', begin + longest_)});
    }

    void open_held_out() {
        if (parse_weighted_range(data_.held_out).weight) {
            fail_usage("held_out: bytes to measure on have no weight; leave ", data_.held_out, "'s out");
        }
        held_out_.emplace(std::vector<std::string>{data_.held_out});
    }

    void require_apart() {
        if (!trained_ || !held_out_) {
            return;
        }
        const Overlap overlap = overlap_of(*trained_, *held_out_, held_out_->bytes(0).size());
        const std::string text = overlap_text(
            overlap, text_of("held-out bytes of ", data_.held_out),
            text_of("the first ", longest_, " bytes of ", data_.data, ", which the config trains on"));
        if (overlap.same_place > 0 || overlap.is_most()) {
            fail_usage(text, "; choose others");
        }
        overlap_text_ = text;
    }

    void require_sequences() {
        for (const StudyTrunk& trunk : plan_.trunks) {
            for (const std::optional<Corpus>* corpus : {&trained_, &held_out_}) {
                if (*corpus) {
                    (*corpus)->require_length(trunk.config.context);
                }
            }
        }
    }

    void require_options() {
        for (const StudyTrunk& trunk : plan_.trunks) {
            for (const StudyRun& run : trunk.runs) {
                TrainOptions options = run_options(plan_, trunk, run, data_);
                options.out = plan_.work();
                try {
                    check_options(options);
                } catch (const UsageError& error) {
                    fail_usage("the run ", run.id, ": ", error.what());
                }
            }
        }
    }

    void require_results() {
        const std::vector<StudyResult> results = read_all_results(plan_);
        if (trained_ && held_out_) {
            add_recipes(plan_, data_);
        }
        require_same_settings(plan_, results);
    }

    void require_folder() {
        std::error_code error;
        fs::path folder = fs::absolute(plan_.work());
        while (!fs::exists(folder, error) && folder.has_relative_path()) {
            folder = folder.parent_path();
        }
        if (!fs::is_directory(folder, error)) {
            fail("cannot make the folder ", plan_.work().string(), ": ", folder.string(),
                 " is no folder; name another folder in the config");
        }
        if (::access(folder.c_str(), W_OK | X_OK) != 0) {
            fail("cannot write into ", folder.string(),
                 "; check its permissions or name another folder in the config");
        }
    }

    StudyPlan& plan_;
    const StudyData& data_;
    std::uint64_t longest_ = 0;
    std::optional<Corpus> trained_;  // the bytes that are trained on
    std::optional<Corpus> held_out_;
    std::string overlap_text_;
};

}  // namespace

StudyCheck check_study(const StudyPlan& plan, const StudyData& data) {
    StudyPlan own = plan;
    Checker checker(own, data);
    StudyCheck result;
    checker.each([&](const auto& step) {
        try {
            step();
        } catch (const Error& error) {
            result.problems.emplace_back(error.what());
        }
    });
    result.warnings = checker.warnings();
    return result;
}

void prepare_study(StudyPlan& plan, const StudyData& data) {
    Checker(plan, data).each([](const auto& step) { step(); });
}

}  // namespace bitlaw::studies
