# What is told of the processes that the program consists of.

@0xc19db59efbb7c177;

using Proxy = import "/mp/proxy.capnp";

struct ProcessStats $Proxy.wrap("moneyrocket.interfaces.process.ProcessStats") {
    role @0 :Text;
    name @1 :Text;
    pid @2 :Int32;
    alive @3 :Bool;
    time @4 :Float64;
    memory @5 :Int64;
    cpuSeconds @6 :Float64;
    threads @7 :Int32;
    uptime @8 :Float64;
    callsMade @9 :Int64;
    callsServed @10 :Int64;
    waitSeconds @11 :Float64;
    sandboxed @12 :Bool;
    sandbox @13 :Text;
}

struct SandboxInfo $Proxy.wrap("moneyrocket.interfaces.process.SandboxInfo") {
    role @0 :Text;
    name @1 :Text;
    pid @2 :Int32;
    enabled @3 :Bool;
    reason @4 :Text;
    landlockAbi @5 :Int32;
    seccomp @6 :Bool;
    network @7 :Text;
    read @8 :List(Text);
    write @9 :List(Text);
}
