// The AWS SDK prints a notice about Node 20 to stderr once a process; it would drown the test output.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
