# Three interfaces that the example's programs call each other through.

@0xd6a4c1b3f0e28e57;

using Proxy = import "/mp/proxy.capnp";

interface Init $Proxy.wrap("interfaces.Init") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    makePrinter @1 (context :Proxy.Context) -> (result :Printer);
    makeCalculator @2 (context :Proxy.Context, printer :Printer) -> (result :Calculator);
}

interface Printer $Proxy.wrap("interfaces.Printer") {
    destroy @0 (context :Proxy.Context) -> ();
    printLine @1 (context :Proxy.Context, text :Text) -> ();
}

interface Calculator $Proxy.wrap("interfaces.Calculator") {
    destroy @0 (context :Proxy.Context) -> ();
    solve @1 (context :Proxy.Context, expression :Text) -> (error :Text $Proxy.exception("ArithmeticError"));
}
