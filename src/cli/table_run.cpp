#include "table_run.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/baselines/compressor_list.hpp"
#include "bitlaw/coding/learning_choice.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/predict/learning_recipe.hpp"
#include "learning_options.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace kernels;
using namespace model;
using namespace predict;
using namespace datasets;
using namespace baselines;
using namespace format;
using namespace table;

namespace {

namespace fs = std::filesystem;

// DataSet holds a mapping, so each stays where it is.
std::list<DataSet> open_data(const TableArguments& a) {
    std::list<DataSet> sets;
    std::set<std::string> names;
    for (const std::string& text : a.data) {
        const auto [given_name, file] = named(text);
        std::string name = given_name.empty() ? fs::path(file).filename().string() : given_name;
        if (!names.insert(name).second) {
            fail_usage("two data sets are called '", name, "'; name them, as in NAME=", file);
        }
        sets.emplace_back(printable(name), resolve_data(file));
    }
    return sets;
}

std::vector<Compressor> open_compressors(const TableArguments& a) {
    std::vector<Compressor> chosen;
    if (a.compressors.empty()) {
        for (const Compressor& compressor : all_compressors()) {
            if (compressor.missing.empty()) {
                chosen.push_back(compressor);
            } else if (a.common.quiet == 0) {
                note(text_of("without ", compressor.name, ": ", compressor.missing));
            }
        }
    } else if (a.compressors != std::vector<std::string>{"none"}) {
        chosen = choose_compressors(a.compressors);
    }
    std::map<std::string, std::string> restorers;
    for (const std::string& text : a.restorers) {
        const std::size_t at = text.find('=');
        restorers[text.substr(0, at)] = at == std::string::npos ? "" : text.substr(at + 1);
    }
    for (const std::string& text : a.externals) {
        const std::size_t at = std::min(text.find('='), text.size());
        const std::string name = text.substr(0, at);
        const auto restorer = restorers.extract(name);
        chosen.push_back(external_compressor(
            name, text.substr(std::min(at + 1, text.size())),
            restorer.empty() ? std::nullopt : std::optional<std::string>(restorer.mapped())));
    }
    if (!restorers.empty()) {
        fail_usage("--restore ", restorers.begin()->first, ": there is no --external of that name");
    }
    if (a.mix && !a.unchunked) {
        fail_usage("--mix is for archives in one piece; leave --protocol chunked away");
    }
    if (!a.externals.empty() && !a.unchunked) {
        fail_usage("--external runs in one piece only; leave --protocol chunked away");
    }
    return chosen;
}

EarlierCells open_earlier(const TableArguments& a) {
    EarlierCells cells;
    for (const std::string& file : a.reuse) {
        cells.add(fs::path(file));
    }
    return cells;
}

std::string training_of(const StoredModel& model) {
    std::string names;
    for (const DataSource& source : model.record.training) {
        names += (names.empty() ? " of " : ", ") + source.name;
    }
    return printable(names);
}

}  // namespace

std::pair<std::string, std::string> named(const std::string& text) {
    const std::size_t at = text.find('=');
    std::error_code error;
    if (at == std::string::npos || text.find('/') < at || fs::exists(text, error)) {
        return {"", text};
    }
    return {text.substr(0, at), text.substr(at + 1)};
}

TableRun::TableRun(const TableArguments& a)
    : a_(a), data_(open_data(a)), compressors_(open_compressors(a)), earlier_(open_earlier(a)) {
    if (!a.chunked && a.chunk_bytes != TableArguments{}.chunk_bytes) {
        fail_usage("--chunk is for chunks, and --protocol unchunked has none; leave one of them out");
    }
    require_learning(a.learning);
    report_.machine = machine_name();
    report_.isa = isa_name(chosen_isa());
    report_.date = today();
    report_.command = a.common.command_line;
    report_.threads = thread_count();
    report_.chunk_bytes = a.chunk_bytes;
    for (const DataSet& data : data_) {
        report_.columns.push_back({.name = data.name(),
                                   .file = data.path().filename().string(),
                                   .kind = data.kind(),
                                   .bytes = data.bytes().size(),
                                   .hash = data.hash(),
                                   .skipped_files = data.skipped_files(),
                                   .row_bytes = data.shape().row_bytes});
    }
    for (const Compressor& compressor : compressors_) {
        add_compressor(compressor);
    }
    add_models();
    if (jobs_.empty()) {
        fail_usage("no compressors and no models; leave --compressors or --no-models away, or give -m");
    }
}

void TableRun::measure() {
    const std::vector<Task> tasks = all_tasks();
    const auto total =
        std::count_if(tasks.begin(), tasks.end(), [](const Task& t) { return t.earlier == nullptr; });
    std::exception_ptr stop;
    for (const Task& task : tasks) {
        if (task.earlier != nullptr) {
            reuse_cell(task);
        } else if (!stop) {
            try {
                measure_cell(task, text_of(measured_ + 1, " of ", total, ": "));
                ++measured_;
            } catch (const Stopped&) {
                stop = std::current_exception();
            }
        }
    }
    if (stop) {
        std::rethrow_exception(stop);
    }
}

bool TableRun::has_failures() const {
    return std::any_of(report_.cells.begin(), report_.cells.end(),
                       [](const TableCell& cell) { return !cell.measured; });
}

void TableRun::add_compressor(const Compressor& compressor) {
    const std::size_t row = report_.rows.size();
    report_.rows.push_back({.name = compressor.name, .settings = compressor.settings, .model_id = {}});
    const auto applies = [&compressor](const DataSet& data) { return compressor.applies(data.shape()); };
    if (a_.unchunked) {
        jobs_.push_back({TableProtocol::unchunked, row,
                         [&compressor](const DataSet& data, const TableWatch& watch) {
                             return measure_unchunked(compressor, data, watch);
                         },
                         applies});
    }
    if (a_.chunked && compressor.chunks) {
        jobs_.push_back({TableProtocol::chunked, row,
                         [this, &compressor](const DataSet& data, const TableWatch& watch) {
                             return measure_chunked(compressor, data, a_.chunk_bytes, watch);
                         },
                         applies});
    }
}

void TableRun::add_models() {
    std::vector<std::pair<std::string, fs::path>> files;
    for (const std::string& text : a_.models) {
        const auto [name, file] = named(text);
        files.emplace_back(name, file);
    }
    if (files.empty() && !a_.no_models) {
        for (const fs::path& file : model_files()) {
            files.emplace_back("", file);
        }
    }
    if (!a_.models.empty() && a_.no_models) {
        fail_usage("-m and --no-models contradict each other");
    }
    for (const auto& [name, file] : files) {
        const std::string shown = name.empty() ? model_name(file) : name;
        const StoredModel& model = models_.emplace_back(load_model(file));
        add_model(shown, model);
        if (a_.learning.learn && a_.unchunked) {
            add_learning_model(shown, model);
        }
        if (a_.mix && a_.unchunked) {
            add_mixture(shown, model, *a_.mix);
        }
    }
}

// The same model as it learns what it codes: in one piece only, since chunks are independent.
void TableRun::add_learning_model(const std::string& name, const StoredModel& model) {
    const std::size_t row = add_row(name + " (learning)", model);
    report_.rows[row].settings += ", learning" + recipe_text(a_.learning, model);
    jobs_.push_back({TableProtocol::unchunked, row,
                     [this, &model](const DataSet& data, const TableWatch& watch) {
                         const predict::LearningRecipe recipe =
                             recipe_of(a_.learning, model, {}, data.bytes());
                         check_learning_memory(model.model.config, recipe);
                         coding::CompressOptions options;
                         options.method = coding::kLearning;
                         options.stack = coding::learning_stack(recipe);
                         return measure_continuous(model, data, a_.restore_models, watch, options);
                     },
                     [](const DataSet&) { return true; }, &model});
}

// The row's number.
std::size_t TableRun::add_row(const std::string& name, const StoredModel& model) {
    report_.rows.push_back(
        {.name = printable(name),
         .settings = text_of("model ", hex64(model.id), ", ", describe(model.model.config), ", ",
                             with_commas(model.stored_bytes), " bytes in ", weight_format_name(model.format),
                             ", trained on ", with_commas(model.record.tokens), " bytes", training_of(model)),
         .model_id = model.id,
         .model_bytes = model.stored_bytes,
         .trained_bytes = model.record.tokens});
    return report_.rows.size() - 1;
}

// In one piece only: a chunk would cost the tables of experts for each.
void TableRun::add_mixture(const std::string& name, const StoredModel& model, predict::ExpertSet set) {
    const std::size_t row = add_row(text_of(name, " + ", expert_set_name(set)), model);
    report_.rows[row].settings += text_of("; mixed with the ", expert_set_name(set), " set of experts");
    report_.rows[row].mixes = true;
    jobs_.push_back({TableProtocol::unchunked, row,
                     [this, &model, set](const DataSet& data, const TableWatch& watch) {
                         coding::CompressOptions options;
                         options.stack.source = coding::NetworkSource::model;
                         mix_with(options, coding::mixing_for(set, data.bytes().size()));
                         return measure_continuous(model, data, a_.restore_models, watch, options);
                     },
                     [](const DataSet&) { return true; }, &model});
}

void TableRun::add_model(const std::string& name, const StoredModel& model) {
    const std::size_t row = add_row(name, model);
    const auto applies = [](const DataSet&) { return true; };
    if (a_.unchunked) {
        jobs_.push_back({TableProtocol::unchunked, row,
                         [this, &model](const DataSet& data, const TableWatch& watch) {
                             return measure_continuous(model, data, a_.restore_models, watch);
                         },
                         applies, &model});
    }
    if (a_.chunked) {
        jobs_.push_back({TableProtocol::chunked, row,
                         [this, &model](const DataSet& data, const TableWatch& watch) {
                             return measure_chunked(model, data, a_.chunk_bytes, watch);
                         },
                         applies, &model});
    }
}

std::vector<TableRun::Task> TableRun::all_tasks() const {
    std::vector<Task> tasks;
    for (const Job& job : jobs_) {
        std::size_t column = 0;
        for (const DataSet& data : data_) {
            if (job.applies(data)) {
                const bool is_archive = job.model != nullptr && job.protocol == TableProtocol::unchunked;
                tasks.push_back({job, data, column,
                                 earlier_.find({.protocol = job.protocol,
                                                .chunk_bytes = a_.chunk_bytes,
                                                .row = report_.rows[job.row],
                                                .column = report_.columns[column],
                                                .must_be_restored = is_archive && a_.restore_models})});
            }
            ++column;
        }
    }
    return tasks;
}

void TableRun::reuse_cell(const Task& task) {
    const TableProvenance& from = task.earlier->from;
    TableCell cell{.protocol = task.job.protocol, .row = task.job.row, .column = task.column};
    cell.measured = task.earlier->measured;
    // By the files that are here now.
    cell.measured->origin =
        task.job.model == nullptr ? OriginFound{} : task.data.origin(task.job.model->record);
    cell.reused = {.file = printable(fs::path(from.file).filename().string()),
                   .machine = printable(from.machine),
                   .isa = printable(from.isa),
                   .date = printable(from.date)};
    report_.cells.push_back(std::move(cell));
}

void TableRun::measure_cell(const Task& task, const std::string& position) {
    const Job& job = task.job;
    const DataSet& data = task.data;
    ProgressLine line(a_.common.quiet == 0);
    const std::string what = position + report_.rows[job.row].name + ", " + data.name() +
                             (job.protocol == TableProtocol::chunked ? ", chunked" : "");
    line.show(what);
    Progress progress(data.bytes().size());
    const auto watch = [&](std::uint64_t done, std::uint64_t) {
        throw_if_stopped("the rows measured before are given");
        if (line.active() && progress.due()) {
            line.show(what + progress.line(done, 0.0, 0.0));
        }
    };
    TableCell cell{.protocol = job.protocol, .row = job.row, .column = task.column};
    try {
        watch(0, 0);
        cell.measured = job.measure(data, watch);
    } catch (const Stopped&) {
        throw;
    } catch (const std::bad_alloc&) {
        cell.failure = "not enough memory";
    } catch (const Error& error) {
        cell.failure = printable(error.what());
    }
    report_.cells.push_back(std::move(cell));
}

}  // namespace bitlaw::cli
