# The interface that C++ libmultiprocess tests itself with: same ids, names and ordinals, wrapped for Python.

@0xe102a54b33a43a20;

using Proxy = import "/mp/proxy.capnp";
$Proxy.includeTypes("foo_types");

interface FooInterface $Proxy.wrap("foo.FooImplementation") {
    add @0 (a :Int32, b :Int32) -> (result :Int32);
    mapSize @1 (map :List(Pair(Text, Text))) -> (result :Int32);
    pass @2 (arg :FooStruct) -> (result :FooStruct) $Proxy.name("pass_struct");
    raise @3 (arg :FooStruct) -> (error :FooStruct $Proxy.exception("foo.FooStructError")) $Proxy.name("raise_struct");
    initThreadMap @4 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    callback @5 (context :Proxy.Context, callback :FooCallback, arg :Int32) -> (result :Int32);
    callbackUnique @6 (context :Proxy.Context, callback :FooCallback, arg :Int32) -> (result :Int32);
    callbackShared @7 (context :Proxy.Context, callback :FooCallback, arg :Int32) -> (result :Int32);
    saveCallback @8 (context :Proxy.Context, callback :FooCallback) -> ();
    callbackSaved @9 (context :Proxy.Context, arg :Int32) -> (result :Int32);
    callbackExtended @10 (context :Proxy.Context, callback :ExtendedCallback, arg :Int32) -> (result :Int32);
    passCustom @11 (arg :FooCustom) -> (result :FooCustom);
    passEmpty @12 (arg :FooEmpty) -> (result :FooEmpty);
    passMessage @13 (arg :FooMessage) -> (result :FooMessage);
    passMutable @14 (arg :FooMutable) -> (arg :FooMutable);
    passEnum @15 (arg :Int32) -> (result :Int32);
    passFn @16 (context :Proxy.Context, fn :FooFn) -> (result :Int32);
    callFn @17 () -> ();
    callFnAsync @18 (context :Proxy.Context) -> ();
    addOut @19 (a :Int32, b :Int32) -> (ret :Int32);
    addInOut @20 (x :Int32, sum :Int32) -> (sum :Int32);
    callIntFnAsync @21 (context :Proxy.Context, arg :Int32) -> (result :Int32);
    passDataPointers @22 (arg :List(Data)) -> (result :List(Data));
    passDouble @23 (arg :Float64) -> (result :Float64);
    passData @24 (arg :Data) -> (result :Data);
}

interface FooCallback $Proxy.wrap("foo.FooCallback") {
    destroy @0 (context :Proxy.Context) -> () $Proxy.name("destroyed");
    call @1 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}

interface ExtendedCallback extends(FooCallback) $Proxy.wrap("foo.ExtendedCallback") {
    callExtended @0 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}

interface FooFn $Proxy.wrap("Callable[[], int]") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context) -> (result :Int32);
}

struct FooStruct $Proxy.wrap("foo.FooStruct") {
    name @0 :Text;
    setInt @1 :List(Int32);
    vectorBool @2 :List(Bool);
    optionalInt @3 :Int32;
    hasOptionalInt @4 :Bool;
    unorderedSetInt @5 :List(Int32);
    mapStringInt @6 :List(StringIntPair);
}

struct FooCustom {
    v1 @0 :Text;
    v2 @1 :Int32;
}

struct FooEmpty $Proxy.wrap("foo.FooEmpty") {
}

struct FooMessage {
    message @0 :Text;
}

struct FooMutable $Proxy.wrap("foo.FooMutable") {
    message @0 :Text;
}

struct Pair(T1, T2) {
    first @0 :T1;
    second @1 :T2;
}

struct StringIntPair {
    first @0 :Text;
    second @1 :Int32;
}
