#include "run_start.hpp"

#include <optional>
#include <system_error>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/file_status.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/symbols/vocabulary_file.hpp"
#include "bitlaw/train/metrics.hpp"
#include "bitlaw/train/run_record.hpp"
#include "bitlaw/train/train_fields.hpp"

namespace bitlaw::train {

using namespace model;

namespace {

// Throws when a resumed run's data are not those that its state was made with.
void require_same_data(const std::vector<DataSource>& saved, const Corpus& now, const char* what) {
    if (saved.size() != now.ranges()) {
        fail_usage("the saved run has ", saved.size(), ' ', what, " files, this one ", now.ranges(),
                   "; give the same data to resume it");
    }
    for (std::size_t i = 0; i < saved.size(); ++i) {
        const DataSource& source = now.sources()[i];
        if (saved[i].hash != source.hash || saved[i].bytes != source.bytes) {
            fail_usage("the ", what, " file ", source.name,
                       " does not hold the bytes that the saved run read from ", saved[i].name,
                       "; give the same data to resume it");
        }
    }
}

}  // namespace

void require_free_folder(const TrainOptions& options) {
    const std::filesystem::path& out = options.out;
    std::error_code error;
    const bool has_state = std::filesystem::exists(out / kStateFile, error);
    if (error) {
        fail("cannot look into the folder ", out.string(), ": ", error.message(), "; check its permissions");
    }
    if (options.resume && !has_state) {
        fail_usage(out.string(), " holds no ", kStateFile, " to resume; start the run without resume");
    }
    if (!options.resume && !options.overwrite && (has_state || std::filesystem::exists(out / kModelFile))) {
        fail(out.string(),
             " already holds a run; use --resume to continue it, -f to overwrite it, or name another folder");
    }
}

std::uint64_t first_model_id(const TrainOptions& options) {
    const StoredModel model = load_model(options.from);
    const auto id = [](const auto& vocabulary) {
        return vocabulary == nullptr ? 0 : symbols::vocabulary_id(*vocabulary);
    };
    if (id(model.model.vocabulary) != id(options.vocabulary)) {
        fail(options.from.string(),
             model.model.vocabulary == nullptr ? " predicts bytes" : " predicts tokens",
             " and not what this run is to predict; give it its own tokenizer");
    }
    if (model.model.config != options.config) {
        fail_usage(options.from.string(), " has another network: ", describe(model.model.config),
                   "; leave the network's options out");
    }
    return model.id;
}

void require_no_data_among_results(const TrainOptions& options) {
    InputFiles inputs;
    if (!options.from.empty()) {
        inputs.add(model_file(options.from));
    }
    for (const std::vector<std::string>* ranges : {&options.data, &options.validation}) {
        for (const std::string& text : *ranges) {
            inputs.add(parse_range(parse_weighted_range(text).range).path);
        }
    }
    if (!options.tokenizer.empty()) {
        inputs.add(options.tokenizer);
    }
    for (const char* name : {kStateFile, kModelFile, kMetricsFile, kRunFile, kOptionsFile}) {
        inputs.require_not(options.out / name);
    }
}

void remove_old_run(const std::filesystem::path& out) {
    for (const char* name : {kStateFile, kModelFile, kMetricsFile, kRunFile, kOptionsFile}) {
        std::error_code error;
        std::filesystem::remove(out / name, error);
        if (error) {
            fail("cannot remove ", (out / name).string(), ": ", error.message(),
                 "; remove it or name another folder");
        }
    }
}

void require_same_run(const TrainingProgress& saved, const ResolvedRun& run, const Corpus& training,
                      const Corpus& validation) {
    const TrainOptions& options = run.options;
    require_same_past(saved.options, saved.steps, saved.step, run);
    if (saved.config != options.config) {
        fail_usage("the saved run in ", options.out.string(), " has another config: ", describe(saved.config),
                   "; give the same preset to resume it");
    }
    if (!run.has_vocabulary() && saved.tokens != saved.step * run.step_tokens()) {
        fail((options.out / kStateFile).string(), " contradicts itself; start the run anew");
    }
    require_same_data(saved.training, training, "training");
    require_same_data(saved.validation, validation, "validation");
}

RankFacts facts_of(const TrainOptions& options, const Corpus& training, const Corpus& validation) {
    RankFacts facts;
    for (const Field<TrainOptions>& field : train_fields()) {
        if (field.write && field.info.name != "data" && field.info.name != "validation" &&
            field.info.name != "from" && field.info.name != "tokenizer") {
            std::string value;
            for (const std::string& word : field.write(options)) {
                value += (value.empty() ? "" : " ") + word;
            }
            facts.emplace_back(field.info.name, value);
        }
    }
    const auto add = [&](const std::string& name, const Corpus& corpus) {
        facts.emplace_back("number of " + name + " files", text_of(corpus.ranges()));
        for (const DataSource& source : corpus.sources()) {
            facts.emplace_back(name + " data", text_of("of ", source.bytes, " bytes (", source.name,
                                                       ", xxh3 ", hex64(source.hash), ')'));
        }
    };
    add("training", training);
    add("validation", validation);
    return facts;
}

TrainingState saved_state(const std::filesystem::path& path, Ranks& ranks) {
    if (ranks.is_alone()) {
        return load_state(path);
    }
    Bytes bytes;
    ranks.together([&] {
        if (ranks.is_first()) {
            const MappedFile file(path);
            bytes.assign(file.bytes().begin(), file.bytes().end());
        }
    });
    ranks.broadcast(bytes);
    std::optional<TrainingState> state;
    ranks.together([&] { state = decode_state(bytes, path.string()); });
    return *std::move(state);
}

}  // namespace bitlaw::train
