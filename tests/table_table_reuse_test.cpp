#include <doctest/doctest.h>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/table/table_plot.hpp"
#include "bitlaw/table/table_reuse.hpp"
#include "bitlaw/table/table_text.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"

using namespace bitlaw;
using namespace bitlaw::datasets;
using namespace bitlaw::table;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;

namespace {

// gzip and a model on two data sets; the model's archive was restored on the first, gzip failed in chunks.
TableReport earlier_report() {
    TableReport report;
    report.machine = "old machine";
    report.isa = "avx2";
    report.date = "2026-01-01";
    report.command = "bitlaw table";
    report.chunk_bytes = 512;
    report.columns = {{.name = "a", .file = "a", .kind = "text", .bytes = 1000, .hash = 0xabc},
                      {.name = "b", .file = "b", .kind = "images", .bytes = 2048, .hash = 0xdef}};
    report.rows = {{.name = "gzip -9", .settings = "zlib 1", .model_id = {}},
                   {.name = "m", .settings = "model 12", .model_id = 0x12, .model_bytes = 100}};
    const auto add = [&](TableProtocol protocol, std::size_t row, std::size_t column, Measurement m) {
        m.plain_bytes = report.columns[column].bytes;
        m.model_bytes = report.rows[row].model_bytes;
        report.cells.push_back({.protocol = protocol, .row = row, .column = column, .measured = m});
    };
    add(TableProtocol::unchunked, 0, 0, {.coded_bytes = 250, .seconds = 0.1, .peak_memory = 3'000'000});
    add(TableProtocol::unchunked, 0, 1, {.coded_bytes = 300});
    add(TableProtocol::unchunked, 1, 0,
        {.coded_bytes = 125, .origin = {Origin::held_out, 0.0}, .restore_seconds = 2.5});
    add(TableProtocol::unchunked, 1, 1, {.coded_bytes = 126, .source = RateSource::archive, .threads = 2});
    add(TableProtocol::chunked, 1, 0, {.coded_bytes = 1.0 / 3, .chunks = 2, .source = RateSource::estimate});
    report.cells.push_back(
        {.protocol = TableProtocol::chunked, .row = 0, .column = 0, .measured = {}, .failure = "why"});
    return report;
}

EarlierCells cells_of(const TableReport& report) {
    EarlierCells cells;
    cells.add(table_json(report), "old.json");
    return cells;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("table reuse: a cell comes back with all its figures and its place") {
    const TableReport report = earlier_report();
    const EarlierCells cells = cells_of(report);
    CHECK(cells.size() == 5);  // without the one that failed
    for (const TableCell& cell : report.cells) {
        const EarlierCell* const found = cells.find({.protocol = cell.protocol,
                                                     .chunk_bytes = 512,
                                                     .row = report.rows[cell.row],
                                                     .column = report.columns[cell.column]});
        REQUIRE((found != nullptr) == cell.measured.has_value());
        if (found == nullptr) {
            continue;
        }
        const Measurement& m = *cell.measured;
        CHECK(found->measured.coded_bytes == m.coded_bytes);  // every bit of 1 / 3
        CHECK(found->measured.raw_rate() == m.raw_rate());
        CHECK(found->measured.adjusted_rate() == m.adjusted_rate());
        CHECK(found->measured.chunks == m.chunks);
        CHECK(found->measured.seconds == m.seconds);
        CHECK(found->measured.restore_seconds == m.restore_seconds);
        CHECK(found->measured.peak_memory == m.peak_memory);
        CHECK(found->measured.threads == m.threads);
        CHECK(found->measured.source == m.source);
        CHECK(found->measured.origin.origin == Origin::unknown);
        CHECK(found->from.file == "old.json");
        CHECK(found->from.machine == "old machine");
        CHECK(found->from.isa == "avx2");
        CHECK(found->from.date == "2026-01-01");
    }
}

TEST_CASE("table reuse: whatever the figures depend on must be the same") {
    const TableReport report = earlier_report();
    const EarlierCells cells = cells_of(report);
    const TableRow& gzip = report.rows[0];
    const TableRow& model = report.rows[1];
    const TableColumn& a = report.columns[0];
    const auto is_found = [&](const TableRow& row, const TableColumn& column,
                              TableProtocol protocol = TableProtocol::unchunked, std::uint64_t chunk = 512,
                              bool restored = false) {
        return cells.find({.protocol = protocol,
                           .chunk_bytes = chunk,
                           .row = row,
                           .column = column,
                           .must_be_restored = restored}) != nullptr;
    };
    const auto with = [](auto value, const auto& change) {
        change(value);
        return value;
    };
    CHECK(is_found(gzip, a));
    CHECK_FALSE(is_found(with(gzip, [](TableRow& r) { r.settings = "zlib 2"; }), a));
    CHECK_FALSE(is_found(with(gzip, [](TableRow& r) { r.name = "gzip -1"; }), a));
    CHECK_FALSE(is_found(gzip, with(a, [](TableColumn& c) { c.hash = 1; })));
    CHECK_FALSE(is_found(gzip, with(a, [](TableColumn& c) { c.bytes = 999; })));
    CHECK_FALSE(is_found(gzip, with(a, [](TableColumn& c) { c.kind = "file"; })));
    CHECK_FALSE(is_found(gzip, with(a, [](TableColumn& c) { c.row_bytes = 32; })));
    CHECK(is_found(gzip, with(a, [](TableColumn& c) { c.name = c.file = "another"; })));

    CHECK(is_found(model, a, TableProtocol::chunked));
    CHECK_FALSE(is_found(model, a, TableProtocol::chunked, 511));
    CHECK(is_found(model, a, TableProtocol::unchunked, 511));
    CHECK(is_found(with(model, [](TableRow& r) { r.name = "renamed"; }), a));
    CHECK_FALSE(is_found(with(model, [](TableRow& r) { r.model_id = 0x13; }), a));
    CHECK_FALSE(is_found(with(model, [](TableRow& r) { r.model_id.reset(); }), a));
    CHECK_FALSE(is_found(with(model, [](TableRow& r) { r.settings = "model 12, other arithmetic"; }), a));
    CHECK_FALSE(is_found(with(model, [](TableRow& r) { r.model_bytes = 99; }), a));
    // The archive on a was restored, the one on b was not.
    CHECK(is_found(model, a, TableProtocol::unchunked, 512, true));
    CHECK(is_found(model, report.columns[1]));
    CHECK_FALSE(is_found(model, report.columns[1], TableProtocol::unchunked, 512, true));
}

TEST_CASE("table reuse: the first of several wins, and an incomplete table will do") {
    TableReport first = earlier_report();
    first.is_complete = false;
    first.cells.erase(first.cells.begin());  // gzip on a
    first.cells[0].measured->coded_bytes = 301;
    EarlierCells cells = cells_of(first);
    cells.add(table_json(earlier_report()), "second.json");
    const TableReport wanted = earlier_report();
    const auto found = [&](std::size_t column) {
        return cells.find(
            {.protocol = TableProtocol::unchunked, .row = wanted.rows[0], .column = wanted.columns[column]});
    };
    REQUIRE(found(0) != nullptr);
    CHECK(found(0)->from.file == "second.json");
    REQUIRE(found(1) != nullptr);
    CHECK(found(1)->from.file == "old.json");
    CHECK(found(1)->measured.coded_bytes == 301);
}

TEST_CASE("table reuse: of two rows with one name none is taken") {
    TableReport report = earlier_report();
    report.rows.push_back({.name = "gzip -9", .settings = "zlib 2", .model_id = {}});
    const EarlierCells cells = cells_of(report);
    CHECK(cells.size() == 3);
    CHECK(cells.find(
              {.protocol = TableProtocol::unchunked, .row = report.rows[0], .column = report.columns[0]}) ==
          nullptr);
}

TEST_CASE("table reuse: a table says what it reused, and a chain of tables keeps the first place") {
    TableReport report = earlier_report();
    report.machine = "new machine";
    report.isa = "avx512";
    report.date = "2026-02-02";
    for (const std::size_t i : {1u, 2u, 3u}) {
        report.cells[i].reused = {"older.json", "old machine", "avx2", "2026-01-01"};
    }
    for (const std::string& text : {table_text(report), table_markdown(report)}) {
        CHECK(holds(text, "older.json: 3 cells, old machine, 1 to 2 threads, avx2, 2026-01-01"));
        CHECK(holds(text, "restored, 1 of 2 reused"));
        CHECK(holds(text, "archive, restored, reused"));
    }
    CHECK_FALSE(holds(table_text(earlier_report()), "eused"));
    CHECK(holds(table_plot(report, "x.svg"), "some rates measured before"));
    CHECK_FALSE(holds(table_plot(earlier_report(), "x.svg"), "measured before"));
    CHECK(holds(table_csv(report), ",new machine,avx512,2026-02-02,\n"));
    CHECK(holds(table_csv(report), ",old machine,avx2,2026-01-01,older.json\n"));
    const EarlierCells cells = cells_of(report);
    const auto place = [&](std::size_t row) {
        const EarlierCell* const cell = cells.find(
            {.protocol = TableProtocol::unchunked, .row = report.rows[row], .column = report.columns[0]});
        REQUIRE(cell != nullptr);
        return cell->from.machine + " " + cell->from.isa + " " + cell->from.date;
    };
    CHECK(place(0) == "new machine avx512 2026-02-02");
    CHECK(place(1) == "old machine avx2 2026-01-01");
}

TEST_CASE("table reuse: a table without places at its cells is all of its own place") {
    std::string json = table_json(earlier_report());
    const std::string place =
        R"(, "machine": "old machine", "isa": "avx2", "date": "2026-01-01", "reused_from": null)";
    for (int cell = 0; cell < 6; ++cell) {
        json = replaced(json, place, "");
    }
    json = replaced(replaced(json, ", \"row_bytes\": 64", ""), ", \"row_bytes\": 64", "");
    EarlierCells cells;
    cells.add(json, "ancient.json");
    REQUIRE(cells.size() == 5);
    const TableReport report = earlier_report();
    const EarlierCell* const cell = cells.find(
        {.protocol = TableProtocol::unchunked, .row = report.rows[1], .column = report.columns[1]});
    REQUIRE(cell != nullptr);
    CHECK(cell->from.machine == "old machine");
    CHECK(cell->from.isa == "avx2");
    CHECK(cell->from.date == "2026-01-01");
}

TEST_CASE("table reuse: files that are no tables, or contradict themselves, are refused by name") {
    const std::string json = table_json(earlier_report());
    const auto message = [](const std::string& text) {
        return message_of<Error>([&] { EarlierCells().add(text, "bad.json"); });
    };
    struct Case {
        const char* from;
        const char* to;
        const char* says;
    };
    for (const Case& c : {
             Case{"\"cells\"", "\"sells\"", "bad.json: it has no data_sets, compressors and cells"},
             Case{"\"data_sets\": [", "\"data_sets\": [7, ", "bad.json: its name is no text"},
             Case{"\"bytes\": 1000", "\"bytes\": -1000", "bad.json: its bytes is no possible number"},
             Case{"\"bytes\": 1000", "\"bytes\": 1e3", "its bytes is no possible number"},
             Case{"\"hash\": \"0", "\"hash\": \"g", "its hash is not 16 hexadecimal digits"},
             Case{"\"hash\": \"0", "\"hash\": \"", "its hash is not 16 hexadecimal digits"},
             Case{"\"cells\": [", "\"cells\": [7, ", "bad.json: cell 1: its compressor is no text"},
             Case{"\"unchunked\"", "\"sideways\"", "cell 1: its protocol is not one"},
             Case{"\"unchunked\"", "\"continuous\"", "cell 1: its protocol is not one"},
             Case{"\"continuous\"", "\"unchunked\"", "cell 3: its protocol is not one"},
             Case{"\"chunk_bytes\": 512, \"comp", "\"chunk_bytes\": 0, \"comp",
                  "cell 5: its chunk_bytes is no"},
             Case{"\"compressor\": \"m\"", "\"compressor\": \"n\"", "cell 3: it is of no compressor"},
             Case{"\"model\": null, \"data_set\"", "\"model\": 5, \"data_set\"",
                  "cell 1: its model is no text"},
             Case{"\"data_set\": \"a\"", "\"data_set\": \"b\"", "cell 1: it is of no data set"},
             Case{"\"plain_bytes\": 1000", "\"plain_bytes\": 1001", "cell 1: it has other bytes"},
             Case{"\"model_bytes\": 100, \"chunks\"", "\"model_bytes\": 0, \"chunks\"",
                  "cell 3: it has other bytes"},
             Case{"\"coded_bytes\": 250", "\"coded_bytes\": -250",
                  "cell 1: its coded_bytes is no possible number"},
             Case{"\"coded_bytes\": 250", "\"coded_bytes\": 99999999",
                  "its coded_bytes is no possible number"},
             Case{"\"coded_bytes\": 125", "\"coded_bytes\": 9000", "cell 3: its coded_bytes is no possible"},
             Case{"\"chunks\": 2", "\"chunks\": 3", "cell 5: its chunks are not those of its bytes"},
             Case{"\"seconds\": 0.1", "\"seconds\": 1e12", "its seconds is no possible number"},
             Case{"\"coded_bytes\": 250", "\"coded_bytes\": 1e300", "its coded_bytes is no possible number"},
             Case{"\"coded_bytes\": 250", "\"coded_bytes\": -inf", "bad.json is no JSON at byte"},
             Case{"\"coded_bytes\": 250", "\"coded_bytes\": null", "its coded_bytes is no possible number"},
             Case{"\"coded_bytes\": 250", "\"coded_bytes\": 1e999", "bad.json is no JSON"},
             Case{"\"seconds\": 0.1", "\"seconds\": -0.1", "its seconds is no possible number"},
             Case{"\"restore_seconds\": 2.5", "\"restore_seconds\": []", "cell 3: its restore_seconds is no"},
             Case{"\"peak_memory_bytes\": 3000000", "\"peak_memory_bytes\": 1e99",
                  "its peak_memory_bytes is no"},
             Case{"\"threads\": 2, \"failure\"", "\"threads\": 0, \"failure\"", "cell 4: its threads is no"},
             Case{"\"threads\": 2, \"failure\"", "\"threads\": 18446744073709551616, \"failure\"",
                  "its threads is no"},
             Case{"\"rate_from\": \"restored\"", "\"rate_from\": \"estimate\"",
                  "cell 1: its rate_from is not one"},
             Case{"\"rate_from\": \"estimate\"", "\"rate_from\": \"restored\"",
                  "cell 5: its rate_from is not one"},
             Case{"\"machine\": \"old machine\", \"isa\"", "\"machine\": 4, \"isa\"",
                  "cell 1: its machine is no text"},
         }) {
        CAPTURE(c.from);
        CAPTURE(c.to);
        CHECK(holds(message(replaced(json, c.from, c.to)), c.says));
    }
    for (const char* text :
         {"", "[]", "null", "{\"cells\": {}}", "{\"data_sets\": [], \"compressors\": []}"}) {
        CAPTURE(text);
        CHECK(holds(message(text), "bad.json"));
    }
    EarlierCells cells;
    cells.add(R"({"data_sets": [], "compressors": [], "cells": []})", "empty.json");
    CHECK(cells.size() == 0);
    const TemporaryFolder folder;
    const std::string path = (folder / "missing.json").string();
    CHECK(holds(message_of<Error>([&] { cells.add(std::filesystem::path(path)); }), path));
}

TEST_CASE("table reuse: a table cut anywhere or with any byte changed is read or refused") {
    const std::string json = table_json(earlier_report());
    std::size_t refused = 0;
    const auto try_it = [&](const std::string& text) {
        try {
            EarlierCells().add(text, "bad.json");
        } catch (const Error& error) {
            ++refused;
            CHECK(holds(error.what(), "bad.json"));
        }
    };
    for (std::size_t length = 0; length + 2 < json.size(); length += 7) {
        try_it(json.substr(0, length));
    }
    CHECK(refused == (json.size() - 2 + 6) / 7);
    for (std::size_t at = 0; at < json.size(); at += 3) {
        std::string changed = json;
        changed[at] = static_cast<char>(changed[at] ^ (1 + at % 127));
        try_it(changed);
    }
}
