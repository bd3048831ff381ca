// Serves C++ libmultiprocess's own test object on an inherited socket, until the peer hangs up.

#include <mp/test/foo.capnp.h>
#include <mp/test/foo.capnp.proxy.h>

#include <mp/proxy-io.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <utility>

#include <unistd.h>

using mp::test::FooImplementation;
using mp::test::messages::FooInterface;

static void log_message(mp::LogMessage message)
{
    // A failed call into the peer is "logged" with this level; the library leaves it to the logger to throw.
    if (message.level == mp::Log::Raise) throw std::runtime_error(message.message);
    if (message.level >= mp::Log::Warning) std::cerr << "foo_server: " << message.message << std::endl;
}

static std::shared_ptr<FooImplementation> make_foo()
{
    auto foo = std::make_shared<FooImplementation>();
    foo->m_fn = [] {};
    // Zero asks where the call runs, so that a client can tell its server threads apart.
    foo->m_int_fn = [](int arg) { return arg == 0 ? static_cast<int>(gettid()) : 2 * arg; };
    return foo;
}

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::cerr << "usage: foo_server FD\n";
        return 2;
    }
    // Below Warning the library also makes a text of every message, and is slow. That is its default, so a bench may want it.
    const mp::Log level{std::getenv("FOO_TRACE") ? mp::LogOptions{}.log_level : mp::Log::Warning};
    mp::EventLoop loop{"foo_server", mp::LogOptions{.log_fn = log_message, .log_level = level}};
    std::unique_ptr<mp::Connection> connection;
    connection = std::make_unique<mp::Connection>(
        loop,
        loop.m_io_context.lowLevelProvider->wrapSocketFd(
            std::atoi(argv[1]), kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP),
        [](mp::Connection& self) -> capnp::Capability::Client {
            // The proxy alone owns the object. A callback that the object saved keeps the loop alive, so
            // it has to go with the connection, or the loop would never end.
            return kj::heap<mp::ProxyServer<FooInterface>>(make_foo(), self);
        });
    connection->onDisconnect([&connection] { connection.reset(); });
    loop.loop();
    return 0;
}
