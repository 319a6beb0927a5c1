#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/studies/study_fit.hpp"
#include "bitlaw/studies/study_report.hpp"
#include "bitlaw/studies/study_tables.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::format;
using namespace bitlaw::laws;
using namespace bitlaw::studies;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;

namespace {

constexpr Law kLaw{.floor = 1.1,
                   .size_scale = 20.0,
                   .size_power = 0.25,
                   .data_scale = 40.0,
                   .data_power = 0.28,
                   .repeat_scale = 10.0};

const std::string kAmounts =
    "train_on = 1M passes 1 2 4 8\ntrain_on = 4M passes 1 2 4\ntrain_on = 16M passes 1 2\ntrain_on = 64M\n";

// A study whose results follow the law, but for noise.
class KnownStudy {
   public:
    explicit KnownStudy(double noise, const std::string& more = "", const std::string& amounts = kAmounts) {
        test::write_text(folder_ / "held", test::random_text(5000, 1));
        plan_ = make_study_plan(parse_study_config(
            "title = Known & </script><true>\ndata = text\nheld_out = held\nheld_out_bytes = 4000\n"
            "sizes = 8K 20K 50K 100K 200K 400K 800K 1600K\nbootstrap = 50\n" +
                amounts + more,
            folder_ / "study.conf"));
        std::filesystem::create_directories(plan_.work());
        Random random(3);
        for (const StudyTrunk& trunk : plan_.trunks) {
            for (const StudyRun& run : trunk.runs) {
                StudyResult row = planned_result(trunk, run);
                row.status = "done";
                row.bits_per_byte = kLaw.bits(StudyFindings{}.point(row)) * (1.0 + noise * random.normal());
                row.chunk_bits_per_byte = row.training_bits_per_byte = row.bits_per_byte;
                row.model_bytes = 2 * row.parameters;
                row.seconds = 1.0;
                row.threads = 1;
                row.held_out_bytes = 4000;
                row.date = "2026-01-01T00:00:00Z";
                rows_.push_back(row);
            }
        }
    }
    void write() const {
        std::filesystem::remove(plan_.results());
        for (const StudyResult& row : rows_) {
            add_result(plan_.results(), plan_.work() / "lock", row);
        }
    }
    [[nodiscard]] StudyFindings findings() const {
        write();
        return study_findings(plan_, (folder_ / "held").string());
    }
    std::vector<StudyResult>& rows() { return rows_; }
    [[nodiscard]] const StudyPlan& plan() const { return plan_; }

   private:
    TemporaryFolder folder_;
    StudyPlan plan_;
    std::vector<StudyResult> rows_;
};

const FormResult& form_named(const StudyFindings& f, const std::string& key) {
    const auto found = std::find_if(f.forms.begin(), f.forms.end(),
                                    [&](const FormResult& form) { return form.fit.law.form->key == key; });
    REQUIRE(found != f.forms.end());
    return *found;
}

// The JSON in a report, by the bytes between its element's ends.
Json page_of(const std::string& html) {
    const std::string begin = "id=\"study\">";
    const std::size_t at = html.find(begin) + begin.size();
    return parse_json(html.substr(at, html.find("</script>", at) - at), "report");
}

const Table& table_of(const std::vector<Table>& tables, const std::string& name) {
    const auto found =
        std::find_if(tables.begin(), tables.end(), [&](const Table& table) { return table.name == name; });
    REQUIRE(found != tables.end());
    return *found;
}

}  // namespace

TEST_CASE("one odd run takes no law away: it is named, and all else stays where it was") {
    KnownStudy study(0.01);
    const StudyFindings before = study.findings();
    REQUIRE(before.has_law());
    CHECK(before.odd.empty());
    for (const double factor : {0.2, 2.1}) {
        CAPTURE(factor);
        KnownStudy changed(0.01);
        std::vector<StudyResult>& rows = changed.rows();
        const auto row = std::find_if(rows.begin(), rows.end(), [](const StudyResult& r) {
            return r.size == 100'000 && r.unique_bytes > 15'000'000 && r.passes == 1;
        });
        REQUIRE(row != rows.end());
        row->bits_per_byte *= factor;
        const StudyFindings f = changed.findings();
        REQUIRE(f.has_law());
        REQUIRE(f.odd.size() == 1);
        CHECK(f.odd[0].run == row->run);
        // Three deviations low, the run may stand before one of more passes.
        CHECK(f.fitted.size() + 1 >= before.fitted.size());
        CHECK(f.predictions[1].bits == doctest::Approx(before.predictions[1].bits).epsilon(0.03));
        REQUIRE(f.measured_optima.size() == before.measured_optima.size());
        for (std::size_t i = 0; i < f.measured_optima.size(); ++i) {
            const double size = before.measured_optima[i].parameters.value;
            CHECK(f.measured_optima[i].parameters.value == doctest::Approx(size).epsilon(0.2));
        }
        CHECK(holds(f.doubts.at(0), "run " + row->run + " has "));
    }
}

TEST_CASE("findings recover the law and its optima from results that follow it") {
    const KnownStudy study(0.0);
    const StudyFindings f = study.findings();
    REQUIRE(f.has_law());
    CHECK(f.missing == 0);
    CHECK(f.fitted.size() == study.plan().runs());
    const FormLaw additive = form_named(f, "additive").fit.law;
    CHECK(additive.values()[0] == doctest::Approx(kLaw.floor).epsilon(1e-3));
    CHECK(additive.repeat_scale() == doctest::Approx(kLaw.repeat_scale).epsilon(1e-2));
    CHECK(f.forms.size() == law_forms().size());
    CHECK(f.forms.front().hold_out < 1e-4);
    CHECK(f.amounts() == std::vector<double>{1e6, 4e6, 16e6, 64e6});
    REQUIRE(f.measured_optima.size() == 4);
    for (const MeasuredOptimum& o : f.measured_optima) {
        CAPTURE(o.unique);
        const double truth = adjusted_optimum(kLaw, o.unique, 2.0);
        if (truth > 9'000 && truth < 1.5e6) {
            CHECK(o.end == 0);
            CHECK_FALSE(o.parameters.has_bounds());  // no seed was repeated
            CHECK(o.parameters.value == doctest::Approx(truth).epsilon(0.03));
        }
    }
    for (const LawOptimum& o : f.optima) {
        CHECK(o.parameters.value ==
              doctest::Approx(adjusted_optimum(kLaw, o.coded, o.bytes_per_parameter)).epsilon(1e-3));
    }
    CHECK(f.optima.size() == 4 * (7 + 3));  // 10^6 is both an amount and an S
    REQUIRE(f.predictions.size() == 4);
    CHECK(f.predictions[1].bits ==
          doctest::Approx(kLaw.bits(adjusted_optimum(kLaw, 1e9, 2.0), 1e9, 1e9)).epsilon(1e-4));
    CHECK(f.powers.size() == 4 + 8);
    const ByteOperations operations = study_operations(study.plan().config);
    for (const StudyResult& r : f.fitted) {
        CHECK(operations.at(static_cast<double>(r.parameters)) ==
              doctest::Approx(r.training_flops / static_cast<double>(r.trained_bytes)));
    }
    CHECK(f.forms.front().extrapolation.size() == 3);
}

TEST_CASE("a rate that the config asks for is predicted by every form") {
    const KnownStudy study(0.002, "predict_rate = 3.2M on 100M passes 1 3\npredict_rate = 10M on 1G\n");
    const StudyFindings f = study.findings();
    REQUIRE(f.predicted_rates.size() == 3);
    CHECK(f.predicted_rates[1].run.bytes == 3e8);
    CHECK(f.predicted_rates[1].run.unique == 1e8);
    for (const PredictedRate& rate : f.predicted_rates) {
        REQUIRE(rate.bits.size() == f.forms.size());
        CHECK(rate.run.bits == rate.bits[0].value);
        CHECK(rate.run.bits == doctest::Approx(kLaw.bits(rate.run)).epsilon(0.02));
    }
    CHECK(table_of(findings_tables(f), "predicted_rates").rows.size() == 3 * f.forms.size());
    CHECK(holds(message_of<UsageError>([&] { KnownStudy(0.0, "predict_rate = 3.2M 100M\n"); }),
                "'3.2M on 100M passes 1 3'"));
}

TEST_CASE("optima have the intervals of repeated seeds, and an end of the sizes is a bound") {
    KnownStudy study(0.003, "seeds = 1 2\n");
    const StudyFindings f = study.findings();
    bool is_bounded = false;
    for (const MeasuredOptimum& o : f.measured_optima) {
        CHECK(o.adjusted.has_bounds());
        if (o.end == 0) {
            is_bounded = true;
            CHECK(o.parameters.low < o.parameters.value);
            CHECK(o.parameters.value < o.parameters.high);
        }
    }
    CHECK(is_bounded);
    // 64M bytes on sizes up to 50K: the largest is best.
    std::erase_if(study.rows(), [](const StudyResult& row) { return row.size > 50'000; });
    const StudyFindings cut = study.findings();
    const MeasuredOptimum& last = cut.measured_optima.back();
    CHECK(last.end == 1);
    CHECK_FALSE(last.parameters.has_bounds());
    CHECK(table_of(findings_tables(cut), "measured_optimum").rows.back()[1].shown == ">=");
    CHECK(holds(report_html(cut, {}), "the largest network is best, so the best model has at least"));
    for (const StudyFigure& figure : findings_figures(cut)) {
        if (figure.name == "adjusted" || figure.name == "optimum") {
            CHECK(holds(figure.points.csv(), ",arrow,or beyond,"));
        }
    }
}

TEST_CASE("what diverged, and what was read too often, is told and not fitted") {
    KnownStudy study(0.0);
    study.rows()[5].status = "diverged";
    StudyResult& worn = *std::find_if(study.rows().begin(), study.rows().end(), [](const StudyResult& r) {
        return r.passes == 8 && r.size == 200'000;
    });
    worn.bits_per_byte *= 1.5;
    study.rows().pop_back();
    const StudyFindings f = study.findings();
    CHECK(f.missing == 1);
    REQUIRE(f.diverged.size() == 1);
    CHECK(f.diverged[0].run == study.rows()[5].run);
    REQUIRE(f.past_best.size() == 1);
    CHECK(f.past_best[0].run == worn.run);
    CHECK(f.fitted.size() == study.plan().runs() - 3);
    CHECK(form_named(f, "additive").fit.law.values()[0] == doctest::Approx(kLaw.floor).epsilon(1e-2));
    const std::string html = report_html(f, {});
    CHECK(holds(html, "1 runs diverged: " + f.diverged[0].run));
    CHECK(holds(html, worn.run));
    CHECK(holds(html, "1 are still to be run"));
}

TEST_CASE("a study that has only begun has tables and no law") {
    KnownStudy study(0.0);
    study.rows().resize(3);
    const StudyFindings f = study.findings();
    CHECK_FALSE(f.has_law());
    CHECK(holds(f.no_law, "so run more of the study"));
    CHECK(holds(report_html(f, {}), "No law was fitted"));
    study.rows().clear();
    CHECK(holds(message_of<Error>([&] { (void)study.findings(); }), "run the study first"));
}

TEST_CASE(
    "larger networks that are no better: no law, but pictures and a report, and no number that is none") {
    KnownStudy study(0.0);
    const std::filesystem::path folder = study.plan().config.folder;
    (void)write_report(study.findings());
    REQUIRE(std::filesystem::exists(folder / "fit" / "law.csv"));
    for (StudyResult& row : study.rows()) {
        row.bits_per_byte = 2.0 + 0.1 * std::log(static_cast<double>(row.parameters)) +
                            40.0 * std::pow(static_cast<double>(row.unique_bytes), -0.28);
    }
    const StudyFindings f = study.findings();
    CHECK(holds(f.no_law, "do not fall with the number of parameters"));
    for (const MeasuredOptimum& o : f.measured_optima) {
        CHECK(o.end == -1);  // the smallest is best
        CHECK_FALSE(o.parameters.has_bounds());
        CHECK_FALSE(o.adjusted.has_bounds());
    }
    const std::vector<Table> tables = findings_tables(f);
    const Table& measured = table_of(tables, "measured_optimum");
    CHECK(measured.rows[0][3].shown == "-");
    CHECK(std::holds_alternative<std::monostate>(measured.rows[0][3].exact));
    for (const Table& table : tables) {
        CAPTURE(table.name);
        CHECK_FALSE(holds(table.csv(), "nan"));
        CHECK_FALSE(holds(table.csv(), "inf"));
    }
    CHECK(std::filesystem::exists(write_report(f)));
    CHECK_FALSE(holds(report_html(f, {}), "nan"));
    // Nothing is left of the law that there was before.
    CHECK_FALSE(std::filesystem::exists(folder / "fit" / "law.csv"));
    CHECK_FALSE(std::filesystem::exists(folder / "plots" / "optimum.svg"));
    CHECK(std::filesystem::exists(folder / "plots" / "rate.svg"));
}

TEST_CASE("a resampled study without the term of N stops neither fit nor pictures") {
    // The term of N is far below the noise; one pass, so that no run counts as read too often.
    KnownStudy study(0.0, "",
                     "train_on = 1M\ntrain_on = 2M\ntrain_on = 4M\ntrain_on = 8M\ntrain_on = "
                     "16M\ntrain_on = 32M\ntrain_on = 64M\n");
    Random random(11);
    for (StudyResult& row : study.rows()) {
        row.bits_per_byte = (2.0 + 1e-3 * kLaw.size_scale * std::pow(row.parameters, -kLaw.size_power) +
                             40.0 * std::pow(static_cast<double>(row.trained_bytes), -0.28)) *
                            (1.0 + 0.002 * random.normal());
    }
    const StudyFindings f = study.findings();
    REQUIRE(f.has_law());
    const std::string html = report_html(f, {});
    CHECK(holds(html, " of 50 resampled studies "));
    CHECK_FALSE(holds(html, "nan"));
    CHECK(std::filesystem::exists(write_report(f)));
}

TEST_CASE("the report says what was measured on, what was left out, and the cost of a parameter") {
    KnownStudy study(0.004, "bytes_per_parameter = 4 1\n");
    for (StudyResult& row : study.rows()) {
        row.held_out_bytes = 3000;  // the config has 4000
    }
    study.rows().push_back(study.rows().front());
    study.rows().back().run = "n9K-u1M-p1-k512-s1";
    study.rows().back().size = 9000;
    const StudyFindings f = study.findings();
    CHECK(f.shown_cost() == 1.0);
    CHECK(f.other_rows == 1);
    const std::string html = report_html(f, {});
    CHECK(holds(html, "measured on 3K bytes of the first half of held"));
    CHECK(holds(html, "1 row of other plans left out."));
    CHECK(holds(html, "bytes at 1 byte a parameter: "));
    const std::vector<StudyFigure> figures = findings_figures(f);
    const auto figure = [&](const std::string& name) {
        return *std::find_if(figures.begin(), figures.end(),
                             [&](const StudyFigure& other) { return other.name == name; });
    };
    CHECK(holds(figure("adjusted").caption, "the law at the most passes, 1 byte a parameter"));
    CHECK(holds(figure("optimum").caption, "the range of all forms at 1 byte a parameter"));
    CHECK(holds(figure("optimum").points.csv(), ",all forms at 1,"));
}

TEST_CASE("tables are the same as CSV and in the report") {
    const KnownStudy study(0.004, "compressors = gzip xz\n");
    const StudyFindings f = study.findings();
    const std::vector<Table> tables = findings_tables(f);
    std::set<std::string> names;
    for (const Table& table : tables) {
        CAPTURE(table.name);
        CHECK(names.insert(table.name).second);
        const std::string csv = table.csv();
        CHECK(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')) == table.rows.size() + 1);
        for (const auto& row : table.rows) {
            CHECK(row.size() == table.columns.size());
        }
    }
    CHECK(table_of(tables, "residuals").rows.size() == f.fitted.size());
    const Table& law = table_of(tables, "law");
    CHECK(law.rows.size() == 6 + 7 + 7 + 8);
    CHECK(table_of(tables, "forms").rows.size() == 4);
    CHECK(table_of(tables, "extrapolation").rows.size() == 4 * 3);
    const Table& classical = table_of(tables, "compressors");
    REQUIRE(classical.rows.size() == 2);
    CHECK(classical.rows[0][0].shown == "gzip -9");
    CHECK(classical.rows[1][0].shown == "xz -9e");
    const double bits = f.classical[0].bits_per_byte;
    CHECK(bits > 3.0);  // the text's entropy is above 3 bits
    CHECK(bits < 8.0);
    const std::string html = report_html(f, {});
    const Json page = page_of(html);
    CHECK(page["title"] == "Known & </script><true>");
    CHECK_FALSE(holds(html, "<true>"));
    REQUIRE(page["tables"].size() == tables.size());
    for (std::size_t t = 0; t < tables.size(); ++t) {
        const Json& shown = page["tables"][t];
        CHECK(shown["title"] == tables[t].title);
        REQUIRE(shown["rows"].size() == tables[t].rows.size());
        CHECK(shown["rows"][0][0] == tables[t].rows[0][0].shown);
        CHECK(page["findings"][tables[t].name].size() == tables[t].rows.size());
        CHECK(holds(findings_text(f), tables[t].text()));
    }
    CHECK(page["runs"]["rows"].size() == f.results.size());
}

TEST_CASE("rivals on as many bytes as are coded, and the share of the held-out bytes that was seen") {
    const TemporaryFolder folder;
    test::write_text(folder / "rivals.csv",
                     "compressor,bytes,compressed_bytes\n7z PPMd,1000000,255062\nxz, odd,4000000,1400000\n");
    KnownStudy study(0.0, "rivals = " + (folder / "rivals.csv").string() + "\n");
    study.write();
    test::write_text(folder / "held", test::random_text(5000, 1));
    test::write_text(folder / "data", test::random_text(5000, 1) + test::random_text(5000, 2));
    const StudyFindings f =
        study_findings(study.plan(), (folder / "held").string(), (folder / "data").string());
    REQUIRE(f.rivals.size() == 2);
    CHECK(f.rivals[1].name == "xz, odd");
    CHECK(f.rivals[0].rate == doctest::Approx(0.255062));
    CHECK(table_of(findings_tables(f), "rivals").rows.size() == 2);
    REQUIRE(f.seen_share);
    CHECK(*f.seen_share > 0.9);
    const std::string html = report_html(f, {});
    CHECK(holds(html, "On the first 1M bytes 7z PPMd takes 25.51 % without any model"));
    CHECK(holds(html, " % of the held-out bytes were seen"));
    CHECK(holds(report_html(study.findings(), {}), "was seen is unknown"));
    test::write_text(folder / "rivals.csv", "compressor,bytes,compressed_bytes\nxz,many,4\n");
    CHECK(holds(message_of<Error>([&] { (void)study.findings(); }),
                "rivals.csv:2: the row has no whole numbers"));
}

TEST_CASE("the report is one file with every picture in it, and names nothing outside") {
    const KnownStudy study(0.004, "compressors = gzip\n");
    const StudyFindings f = study.findings();
    const std::filesystem::path path = write_report(f);
    const Bytes bytes = test::file_bytes(path);
    const std::string html(bytes.begin(), bytes.end());
    const Json page = page_of(html);
    REQUIRE(page["pictures"].size() == 6);
    for (const Json& picture : page["pictures"]) {
        CHECK_FALSE(picture["title"].get<std::string>().empty());
        std::size_t points = 0;
        for (const Json& series : picture["series"]) {
            points += series["points"].size();
        }
        CHECK(points > 0);
    }
    for (const char* outside : {"src=\"", "href=\"", "@import", "url(http"}) {
        CHECK_FALSE(holds(html, outside));
    }
    for (const char* name : {"rate", "adjusted", "flops", "optimum", "residuals", "isoflop"}) {
        for (const char* suffix : {".csv", ".gp", ".svg"}) {
            CHECK(
                std::filesystem::exists(study.plan().config.folder / "plots" / (std::string(name) + suffix)));
        }
    }
    CHECK(std::filesystem::exists(study.plan().config.folder / "fit" / "optimum.csv"));
}

TEST_CASE("the page has what its curves for any bytes and weights are made of") {
    const KnownStudy study(0.004);
    const StudyFindings f = study.findings();
    REQUIRE(f.has_law());
    const Json page = page_of(report_html(f, findings_figures(f)));
    const Json& data = page["explorer"];
    CHECK(data["stored_bits"] == 16);
    REQUIRE(data["amounts"].size() == f.amounts().size());
    REQUIRE(data["laws"].size() == f.forms.size());
    const std::vector<double> sizes = data["sizes"];
    const std::vector<double> bytes = data["bytes"];
    CHECK(sizes.front() < f.best.front().parameters);
    CHECK(sizes.back() > 1000.0 * f.best.front().parameters);
    for (std::size_t i = 0; i < f.forms.size(); ++i) {
        const FormLaw& law = f.forms[i].fit.law;
        CHECK(data["laws"][i]["key"] == law.form->key);
        const Json& anywhere = data["laws"][i]["anywhere"];
        REQUIRE(anywhere.size() == bytes.size());
        CHECK(anywhere[3][7] == doctest::Approx(law.bits(sizes[7], bytes[3], bytes[3])).epsilon(1e-5));
        const double unique = f.amounts()[1];
        CHECK(data["laws"][i]["at_amounts"][1][5] ==
              doctest::Approx(law.bits(sizes[5], unique * most_passes(f.plan.config, unique), unique))
                  .epsilon(1e-5));
    }
    // Bits and model of the curve make the adjusted rate that the optimum was read off.
    for (std::size_t i = 0; i < f.measured_optima.size(); ++i) {
        double least = 1e9;
        for (const Json& point : data["amounts"][i]["curve"]) {
            least = std::min(least, point[1].get<double>() / 8 + point[2].get<double>() / f.amounts()[i]);
        }
        CHECK(least == doctest::Approx(f.measured_optima[i].adjusted.value).epsilon(1e-3));
    }
    StudyFindings none = f;
    none.best.clear();
    CHECK(page_of(report_html(none, {}))["explorer"].is_null());
}

TEST_CASE("a script that gnuplot cannot draw is an error that names it") {
    const TemporaryFolder folder;
    CHECK(holds(message_of<Error>([&] {
                    draw_figures({{"broken", "", {}, {}, "set nonsense 3\n"}}, folder.path());
                }),
                "could not draw " + (folder / "broken.svg").string()));
}

TEST_CASE("rates are of the second half where every row has it, and passes are chosen on the first") {
    KnownStudy study(0.0);
    CHECK_FALSE(study.findings().second_half);
    for (StudyResult& row : study.rows()) {
        row.report_bytes = 4000;
        row.report_bits_per_byte = 1.1 * row.bits_per_byte;
    }
    // By the second half alone one pass would be the best of these.
    StudyResult& once = *std::find_if(study.rows().begin(), study.rows().end(), [](const StudyResult& row) {
        return row.unique_bytes < 2'000'000 && row.passes == 1;
    });
    once.report_bits_per_byte = 0.5 * once.bits_per_byte;
    const StudyFindings f = study.findings();
    REQUIRE(f.second_half);
    for (const BestRate& rate : f.best) {
        if (rate.unique == 1e6) {
            CHECK(rate.passes == 8);
        }
    }
    CHECK(f.point(f.results[0]).bits == f.results[0].report_bits_per_byte);
    CHECK(holds(report_html(f, {}), "of the second half of held"));
    study.rows().back().report_bytes = 0;
    study.rows().back().report_bits_per_byte = 0;
    CHECK_FALSE(study.findings().second_half);
}
