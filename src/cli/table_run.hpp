#pragma once
/// \file The cells of a table, measured or taken over from earlier tables.

#include <functional>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "bitlaw/baselines/compressor.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/table/table.hpp"
#include "bitlaw/table/table_reuse.hpp"

namespace bitlaw::cli {

/// "name=rest" taken apart; the name is empty when there is none. A path may hold an = behind a slash.
[[nodiscard]] std::pair<std::string, std::string> named(const std::string& text);

/// A table from what is asked for to its report: data sets, rows of compressors and models, and cells.
class TableRun {
   public:
    /// Opens all that is named. Throws UsageError for what contradicts itself.
    explicit TableRun(const TableArguments& a);

    /// Measures what cannot be reused; what fails is told in its cell. A stop leaves what was measured, and
    /// all that can be reused, so that the next run lacks nothing of it.
    void measure();

    [[nodiscard]] const table::TableReport& report() const { return report_; }
    void set_incomplete() { report_.is_complete = false; }
    [[nodiscard]] bool has_measured() const { return measured_ > 0; }
    [[nodiscard]] bool has_failures() const;

   private:
    // One row's work with one protocol.
    struct Job {
        table::TableProtocol protocol;
        std::size_t row;
        std::function<table::Measurement(const table::DataSet&, const table::TableWatch&)> measure;
        std::function<bool(const table::DataSet&)> applies;
        const model::StoredModel* model = nullptr;  // of a model's row
    };
    // A job on one data set.
    struct Task {
        const Job& job;
        const table::DataSet& data;
        std::size_t column;
        const table::EarlierCell* earlier;  // null: to be measured
    };

    void add_compressor(const baselines::Compressor& compressor);
    void add_models();
    void add_model(const std::string& name, const model::StoredModel& model);
    void add_learning_model(const std::string& name, const model::StoredModel& model);
    void add_mixture(const std::string& name, const model::StoredModel& model, predict::ExpertSet set);
    std::size_t add_row(const std::string& name, const model::StoredModel& model);
    [[nodiscard]] std::vector<Task> all_tasks() const;
    void reuse_cell(const Task& task);
    void measure_cell(const Task& task, const std::string& position);

    const TableArguments& a_;
    std::list<table::DataSet> data_;
    std::vector<baselines::Compressor> compressors_;
    table::EarlierCells earlier_;
    std::list<model::StoredModel> models_;
    std::vector<Job> jobs_;
    std::size_t measured_ = 0;  // cells of this run
    table::TableReport report_;
};

}  // namespace bitlaw::cli
