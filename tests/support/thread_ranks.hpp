#pragma once
/// \file Ranks that are threads of the test: messages go through queues.

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/train/ranks.hpp"

namespace bitlaw::test {

/// Message queues between ranks. Threads are not started before all links are made.
class ThreadRanks {
   public:
    /// Runs body(ranks) on `count` ranks, each with a program of `programs` where there are any; what each of
    /// them said when it threw, "" otherwise.
    static std::vector<std::string> run(std::size_t count, const std::function<void(train::Ranks&)>& body,
                                        const std::vector<std::string>& programs = {}) {
        ThreadRanks exchange;
        std::vector<std::string> said(count);
        std::vector<std::thread> threads;
        for (std::size_t rank = 0; rank < count; ++rank) {
            threads.emplace_back([&, rank] {
                train::Ranks ranks(exchange.link(rank, count, programs.empty() ? "one" : programs[rank]));
                try {
                    body(ranks);
                } catch (const std::exception& error) {
                    said[rank] = std::string(error.what()) + (ranks.is_settled() ? "" : " (not settled)");
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        return said;
    }

   private:
    train::RankLink link(std::size_t rank, std::size_t count, const std::string& program) {
        return {.rank = rank,
                .size = count,
                .place = "node" + std::to_string(rank),
                .program = program,
                .trade = [this, rank](std::size_t to, ByteSpan out, std::size_t from,
                                      std::span<std::uint8_t> in) {
                    if (to != train::RankLink::kNobody) {
                        send(rank, to, out);
                    }
                    if (from != train::RankLink::kNobody) {
                        receive(from, rank, in);
                    }
                }};
    }

    void send(std::size_t from, std::size_t to, ByteSpan bytes) {
        const std::lock_guard lock(mutex_);
        queues_[{from, to}].emplace_back(bytes.begin(), bytes.end());
        came_.notify_all();
    }

    void receive(std::size_t from, std::size_t to, std::span<std::uint8_t> bytes) {
        std::unique_lock lock(mutex_);
        std::deque<Bytes>& queue = queues_[{from, to}];
        came_.wait(lock, [&] { return !queue.empty(); });
        BITLAW_ASSERT(queue.front().size() == bytes.size());
        std::copy(queue.front().begin(), queue.front().end(), bytes.begin());
        queue.pop_front();
    }

    std::mutex mutex_;
    std::condition_variable came_;
    std::map<std::pair<std::size_t, std::size_t>, std::deque<Bytes>> queues_;
};

}  // namespace bitlaw::test
