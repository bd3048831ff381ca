// Calls every method of C++ libmultiprocess's own test interface, on whichever server it is given:
// to check what comes back, or to measure how long it takes.

#include <mp/test/foo.capnp.h>
#include <mp/test/foo.capnp.proxy.h>

#include <mp/proxy-io.h>
#include <mp/util.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using namespace mp::test;
using Foo = mp::ProxyClient<messages::FooInterface>;
using Clock = std::chrono::steady_clock;

//! Calls made at once in the checks of threads.
constexpr int THREADS = 8;

void log_message(mp::LogMessage message)
{
    // A failed call is "logged" with this level; the library leaves it to the logger to throw.
    if (message.level == mp::Log::Raise) throw std::runtime_error(message.message);
    if (message.level >= mp::Log::Warning) std::cerr << "foo_client: " << message.message << std::endl;
}

// ---------------------------------------------------------------------------------------------------
// Checks
// ---------------------------------------------------------------------------------------------------

void expect(bool holds, const std::string& complaint)
{
    if (!holds) throw std::logic_error(complaint);
}

template <typename Got, typename Want>
void expect_equal(const Got& got, const Want& want)
{
    std::ostringstream complaint;
    complaint << "got " << got << ", want " << want;
    expect(got == want, complaint.str());
}

class Checks
{
public:
    template <typename Fn>
    void run(std::string_view name, Fn&& fn)
    {
        try {
            fn();
            std::cout << "ok " << name << std::endl;
            return;
        } catch (const std::exception& e) {
            std::cout << "FAILED " << name << ": " << e.what() << std::endl;
        } catch (...) {
            std::cout << "FAILED " << name << ": something else than an exception was thrown" << std::endl;
        }
        all_held = false;
    }

    bool all_held = true;
};

//! Runs any function of the argument, and keeps in mind on which thread.
class Callback : public ExtendedCallback
{
public:
    explicit Callback(std::function<int(int)> fn) : m_fn(std::move(fn)) {}

    int call(int arg) override
    {
        m_thread = std::this_thread::get_id();
        return m_fn(arg);
    }

    int callExtended(int arg) override { return -call(arg); }

    void expect_ran_here() const
    {
        expect(m_thread == std::this_thread::get_id(), "the callback ran on another thread than its caller's");
    }

private:
    std::function<int(int)> m_fn;
    std::thread::id m_thread;
};

int add_one(int arg) { return arg + 1; }

//! Tells when it goes away.
class Mortal : public Callback
{
public:
    explicit Mortal(bool& gone) : Callback(add_one), m_gone(gone) {}
    ~Mortal() override { m_gone = true; }

private:
    bool& m_gone;
};

//! Where threads wait for each other. If a server runs their calls one by one, they never all arrive.
class Meeting
{
public:
    explicit Meeting(int missing) : m_missing(missing) {}

    void arrive()
    {
        std::unique_lock lock{m_mutex};
        if (--m_missing == 0) {
            m_complete.notify_all();
        } else {
            expect(m_complete.wait_for(lock, 10s, [this] { return m_missing == 0; }), "the calls did not overlap");
        }
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_complete;
    int m_missing;
};

//! Runs fn(0), fn(1)... on a new thread each, and throws what the first of them that failed threw.
void at_once(int count, const std::function<void(int)>& fn)
{
    std::vector<std::future<void>> runs;
    for (int i = 0; i < count; ++i) runs.push_back(std::async(std::launch::async, fn, i));
    for (auto& run : runs) run.get();
}

FooData bytes(std::size_t size)
{
    FooData data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<char>(i * 31);
    return data;
}

std::map<std::string, std::string> pairs(int count)
{
    std::map<std::string, std::string> map;
    for (int i = 0; i < count; ++i) map.emplace("key " + std::to_string(i), "value " + std::to_string(i));
    return map;
}

FooStruct full_struct()
{
    return {"Grüße, \xe4\xb8\x96\xe7\x95\x8c", {3, -1, 2}, {true, false, true}, 0, {5, 4}, {{"a", 1}, {"b", -2}}};
}

void expect_same(const FooStruct& got, const FooStruct& want)
{
    expect_equal(got.name, want.name);
    expect(got.set_int == want.set_int, "set_int differs");
    expect(got.vector_bool == want.vector_bool, "vector_bool differs");
    expect(got.optional_int == want.optional_int, "optional_int differs");
    expect(got.unordered_set_int == want.unordered_set_int, "unordered_set_int differs");
    expect(got.map_string_int == want.map_string_int, "map_string_int differs");
}

void check_values(Checks& checks, Foo& foo)
{
    checks.run("add", [&] {
        expect_equal(foo.add(1, 2), 3);
        expect_equal(foo.add(std::numeric_limits<int>::min(), 1), std::numeric_limits<int>::min() + 1);
    });
    checks.run("addOut", [&] {
        int out = -1;
        foo.addOut(3, 4, out);
        expect_equal(out, 7);
    });
    checks.run("addInOut", [&] {
        int sum = 7;
        foo.addInOut(3, sum);
        expect_equal(sum, 10);
    });
    checks.run("mapSize", [&] {
        expect_equal(foo.mapSize({}), 0);
        expect_equal(foo.mapSize(pairs(1000)), 1000);
    });
    checks.run("pass", [&] {
        expect_same(foo.pass(full_struct()), full_struct());
        expect_same(foo.pass(FooStruct{}), FooStruct{});
    });
    checks.run("raise", [&] {
        try {
            foo.raise(full_struct());
        } catch (const FooStruct& raised) {
            expect_same(raised, full_struct());
            return;
        }
        expect(false, "nothing was raised");
    });
    checks.run("passCustom", [&] {
        const FooCustom custom = foo.passCustom({"v1", 5});
        expect_equal(custom.v1, "v1");
        expect_equal(custom.v2, 5);
    });
    checks.run("passEmpty", [&] { foo.passEmpty(FooEmpty{}); });
    checks.run("passMessage", [&] {
        // Each side's conversions add a word, so the text tells which ran, and in what order.
        expect_equal(foo.passMessage({"init"}).message, "init build read call build read");
    });
    checks.run("passMutable", [&] {
        FooMutable mutable_{"init"};
        foo.passMutable(mutable_);
        expect_equal(mutable_.message, "init build pass call return read");
    });
    checks.run("passEnum", [&] {
        for (FooEnum value : {FooEnum::ONE, FooEnum::TWO}) expect(foo.passEnum(value) == value, "it differs");
    });
    checks.run("passDouble", [&] {
        for (double value : {0.0, -1.25, 1e300, std::numeric_limits<double>::infinity()}) {
            expect_equal(foo.passDouble(value), value);
        }
    });
    checks.run("passData", [&] {
        // The last is more than a socket buffer holds.
        for (std::size_t size : {0, 1, 100, 1 << 20}) expect(foo.passData(bytes(size)) == bytes(size), "it differs");
    });
    checks.run("passDataPointers", [&] {
        const auto data = [](FooData value) { return std::make_shared<const FooData>(std::move(value)); };
        // No byte above 127: here, unlike in passData, the library reads bytes as chars, and refuses them.
        const auto got = foo.passDataPointers({data({'H', 'i'}), nullptr, data({'\0', '\x7f'})});
        expect_equal(got.size(), 3U);
        expect(got[0] && *got[0] == FooData{'H', 'i'}, "the first differs");
        expect(!got[1], "the second is not null");
        expect(got[2] && *got[2] == FooData{'\0', '\x7f'}, "the third differs");
    });
}

void check_callbacks(Checks& checks, Foo& foo)
{
    checks.run("callback", [&] {
        Callback callback{add_one};
        expect_equal(foo.callback(callback, 1), 2);
        callback.expect_ran_here();
    });
    checks.run("callbackUnique", [&] {
        bool gone = false;
        expect_equal(foo.callbackUnique(std::make_unique<Mortal>(gone), 3), 4);
        // A server lets go of what it was given before it answers, as a called function would.
        expect(gone, "the callback outlived the call");
    });
    checks.run("callbackShared", [&] {
        auto callback = std::make_shared<Callback>(add_one);
        expect_equal(foo.callbackShared(callback, 5), 6);
        callback->expect_ran_here();
        expect_equal(callback.use_count(), 1);
    });
    checks.run("saveCallback", [&] {
        auto callback = std::make_shared<Callback>(add_one);
        foo.saveCallback(callback);
        expect_equal(callback.use_count(), 2);
        foo.saveCallback(nullptr);
        expect_equal(callback.use_count(), 1);
    });
    checks.run("callbackSaved", [&] {
        auto callback = std::make_shared<Callback>(add_one);
        foo.saveCallback(callback);
        for (int i = 0; i < 3; ++i) expect_equal(foo.callbackSaved(7), 8);
        callback->expect_ran_here();
        // What counts is who calls now, not who saved it.
        at_once(1, [&](int) {
            expect_equal(foo.callbackSaved(8), 9);
            callback->expect_ran_here();
        });
        foo.saveCallback(nullptr);
    });
    checks.run("callbackExtended", [&] {
        Callback callback{add_one};
        expect_equal(foo.callbackExtended(callback, 11), -12);
        callback.expect_ran_here();
    });
    checks.run("callback that throws", [&] {
        Callback callback{[](int) -> int { throw std::runtime_error("no luck"); }};
        try {
            foo.callback(callback, 1);
        } catch (const std::runtime_error& e) {
            const std::string_view what{e.what()};
            expect(what.find("no luck") != what.npos, "the error lost its text: " + std::string{what});
            expect_equal(foo.add(1, 2), 3);
            return;
        }
        expect(false, "nothing was thrown");
    });
    checks.run("passFn", [&] { expect_equal(foo.passFn([] { return 10; }), 10); });
    checks.run("callFn", [&] { foo.callFn(); });
    checks.run("callFnAsync", [&] { foo.callFnAsync(); });
    checks.run("callIntFnAsync", [&] { expect_equal(foo.callIntFnAsync(21), 42); });
}

//! A call within a callback within a call..., all the way on one thread here and one thread there.
int nest(Foo& foo, int depth)
{
    if (depth == 0) return foo.callIntFnAsync(0);
    Callback callback{[&](int arg) { return nest(foo, arg - 1); }};
    const int thread = foo.callback(callback, depth);
    callback.expect_ran_here();
    return thread;
}

void check_threads(Checks& checks, Foo& foo)
{
    checks.run("a thread has one server thread", [&] {
        const int thread = foo.callIntFnAsync(0);
        expect(thread > 0, "callIntFnAsync(0) is no thread id");
        for (int i = 0; i < 20; ++i) expect_equal(foo.callIntFnAsync(0), thread);
    });
    checks.run("threads have different server threads", [&] {
        std::mutex mutex;
        std::set<int> server_threads;
        // Nobody leaves before all have come, or the server might use a thread again.
        Meeting meeting{THREADS};
        at_once(THREADS, [&](int) {
            const int thread = foo.callIntFnAsync(0);
            for (int i = 0; i < 20; ++i) expect_equal(foo.callIntFnAsync(0), thread);
            {
                const std::lock_guard lock{mutex};
                server_threads.insert(thread);
            }
            meeting.arrive();
        });
        expect_equal(server_threads.size(), static_cast<std::size_t>(THREADS));
    });
    checks.run("nested calls stay on their threads", [&] {
        const int thread = foo.callIntFnAsync(0);
        expect_equal(nest(foo, 5), thread);
    });
    checks.run("nested functions", [&] {
        expect_equal(foo.passFn([&] { return 1 + foo.passFn([&] { return 1 + foo.passFn([] { return 1; }); }); }), 3);
    });
    checks.run("callbacks from several threads overlap", [&] {
        Meeting meeting{THREADS};
        at_once(THREADS, [&](int i) {
            Callback callback{[&](int arg) {
                meeting.arrive();
                return arg + 1;
            }};
            expect_equal(foo.callback(callback, i), i + 1);
            callback.expect_ran_here();
        });
    });
    checks.run("nested callbacks from several threads", [&] {
        at_once(THREADS, [&](int) {
            const int thread = foo.callIntFnAsync(0);
            for (int i = 0; i < 25; ++i) expect_equal(nest(foo, 1 + i % 4), thread);
        });
    });
    checks.run("one callback from several threads", [&] {
        // It is one object on the wire, yet each call of it lands on the thread that waits for it.
        std::mutex mutex;
        std::map<int, std::thread::id> ran_on;
        foo.saveCallback(std::make_shared<Callback>([&](int arg) {
            const std::lock_guard lock{mutex};
            ran_on[arg] = std::this_thread::get_id();
            return arg;
        }));
        at_once(THREADS, [&](int i) {
            for (int round = 0; round < 25; ++round) {
                const int arg = i * 100 + round;
                expect_equal(foo.callbackSaved(arg), arg);
                const std::lock_guard lock{mutex};
                expect(ran_on.at(arg) == std::this_thread::get_id(), "it ran on another caller's thread");
            }
        });
        foo.saveCallback(nullptr);
    });
    checks.run("many short threads", [&] {
        for (int i = 0; i < 50; ++i) {
            at_once(2, [&](int arg) { expect_equal(foo.callIntFnAsync(1 + arg), 2 + 2 * arg); });
        }
    });
}

// ---------------------------------------------------------------------------------------------------
// Bench
// ---------------------------------------------------------------------------------------------------

//! Median time of a call, in microseconds.
double median(int rounds, const std::function<void()>& call)
{
    rounds = std::max(rounds, 5);
    for (int i = 0; i < std::max(rounds / 10, 3); ++i) call();
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
        const auto start = Clock::now();
        call();
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
    return times[rounds / 2];
}

//! Calls per second of so many threads together.
double throughput(Foo& foo, int threads, int rounds)
{
    Clock::time_point start;
    Clock::time_point end;
    // The first call of a thread makes the server start one too; the clock runs only after that.
    std::barrier begin{threads, [&]() noexcept { start = Clock::now(); }};
    std::barrier finish{threads, [&]() noexcept { end = Clock::now(); }};
    at_once(threads, [&](int) {
        for (int i = 0; i < std::max(rounds / 10, 3); ++i) foo.callIntFnAsync(1);
        begin.arrive_and_wait();
        for (int i = 0; i < rounds; ++i) foo.callIntFnAsync(1);
        finish.arrive_and_wait();
    });
    return threads * rounds / std::chrono::duration<double>(end - start).count();
}

void bench(Foo& foo, int rounds)
{
    std::vector<std::pair<std::string, double>> figures;
    const auto measure = [&](const char* name, int times, const std::function<void()>& call) {
        figures.emplace_back(name, median(times, call));
    };
    Callback callback{add_one};
    const FooData hundred = bytes(100);
    const FooData megabyte = bytes(1 << 20);
    const auto thousand = pairs(1000);

    measure("add", rounds, [&] { foo.add(1, 2); });
    measure("context", rounds, [&] { foo.callIntFnAsync(1); });
    measure("callback", rounds, [&] { foo.callback(callback, 1); });
    foo.saveCallback(std::make_shared<Callback>(add_one));
    measure("saved_callback", rounds, [&] { foo.callbackSaved(1); });
    measure("create_destroy", rounds, [&] { foo.saveCallback(std::make_shared<Callback>(add_one)); });
    foo.saveCallback(nullptr);
    measure("bytes_100", rounds, [&] { foo.passData(hundred); });
    measure("bytes_1mb", rounds / 20, [&] { foo.passData(megabyte); });
    measure("pass_struct_list", rounds / 10, [&] { foo.mapSize(thousand); });
    figures.emplace_back("threads_1", throughput(foo, 1, rounds));
    figures.emplace_back("threads_8", throughput(foo, 8, rounds / 4));

    std::cout << std::fixed << std::setprecision(1);
    for (const auto& [name, figure] : figures) std::cout << name << " " << figure << "\n";
    const char* separator = "{";
    for (const auto& [name, figure] : figures) {
        std::cout << separator << '"' << name << "\": " << figure;
        separator = ", ";
    }
    std::cout << "}" << std::endl;
}

// ---------------------------------------------------------------------------------------------------
// Program
// ---------------------------------------------------------------------------------------------------

//! Checks or measures the server at the other end of the socket; false if a check did not hold.
bool use_server(int fd, bool measure, int rounds)
{
    std::promise<mp::EventLoop*> started;
    std::thread loop_thread([&] {
        // Below Warning the library also makes a text of every message, and is slow. That is its default.
        const mp::Log level{std::getenv("FOO_TRACE") ? mp::LogOptions{}.log_level : mp::Log::Warning};
        mp::EventLoop loop{"foo_client", mp::LogOptions{.log_fn = log_message, .log_level = level}};
        started.set_value(&loop);
        loop.loop();
    });
    bool good = true;
    {
        auto foo = mp::ConnectStream<messages::FooInterface>(*started.get_future().get(), fd);
        Checks checks;
        // The thread maps go first: without them, neither side can name a thread of the other in a context.
        if (measure) {
            foo->initThreadMap();
            bench(*foo, rounds);
        } else {
            checks.run("initThreadMap", [&] { foo->initThreadMap(); });
            check_values(checks, *foo);
            check_callbacks(checks, *foo);
            check_threads(checks, *foo);
        }
        good = checks.all_held;
    }
    // The proxy was the last user of the loop, which ends by itself.
    loop_thread.join();
    return good;
}

int usage()
{
    std::cerr << "usage: foo_client [--bench] [--rounds N] (FD | --spawn FOO_SERVER)\n";
    return 2;
}

} // namespace

int main(int argc, char** argv)
{
    bool measure = false;
    int rounds = 2000;
    int fd = -1;
    std::string server;
    for (int i = 1; i < argc; ++i) {
        const std::string_view arg{argv[i]};
        const bool last = i + 1 == argc;
        if (arg == "--bench") {
            measure = true;
        } else if (arg == "--rounds" && !last) {
            rounds = std::atoi(argv[++i]);
        } else if (arg == "--spawn" && !last) {
            server = argv[++i];
        } else if (arg.find_first_not_of("0123456789") == arg.npos) {
            fd = std::atoi(argv[i]);
        } else {
            return usage();
        }
    }
    if ((fd < 0) == server.empty() || rounds <= 0) return usage();

    // A server that never answers must not hang whoever waits for the result.
    if (!measure) alarm(120);
    int pid = 0;
    if (!server.empty()) {
        fd = mp::SpawnProcess(pid, [&](int child_fd) {
            return std::vector<std::string>{server, std::to_string(child_fd)};
        });
    }
    bool good = use_server(fd, measure, rounds);
    if (pid != 0) {
        const int status = mp::WaitProcess(pid);
        if (status != 0) std::cerr << "foo_client: the server ended with status " << status << std::endl;
        good = good && status == 0;
    }
    return good ? 0 : 1;
}
