// Calls an object through Cap'n Proto's RPC within one process: schema compiler, serialization and libraries all have to work.
#include "point.capnp.h"

#include <capnp/capability.h>
#include <kj/async.h>

#include <cmath>
#include <cstdio>

class PlotterImpl final : public Plotter::Server {
    kj::Promise<void> plot(PlotContext context) override {
        auto point = context.getParams().getPoint();
        context.getResults().setDistance(std::hypot(point.getX(), point.getY()));
        return kj::READY_NOW;
    }
};

int main() {
    kj::EventLoop loop;
    kj::WaitScope waitScope(loop);
    Plotter::Client plotter = kj::heap<PlotterImpl>();
    auto request = plotter.plotRequest();
    request.initPoint().setX(3);
    request.getPoint().setY(4);
    auto distance = request.send().wait(waitScope).getDistance();
    std::printf("distance %g\n", distance);
    return distance == 5.0 ? 0 : 1;
}
