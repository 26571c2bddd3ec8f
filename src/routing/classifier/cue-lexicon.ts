/*
 * Words that give away what a request is about, by cue. Entries are separated by spaces; `_` joins the words of a phrase,
 * `*` ends a stem that any ending may follow. Case and Latin accents do not matter. Words of scripts written without
 * spaces are found anywhere in the text. Written for this project; the model learns from data what each cue is worth.
 */
export const cueLexicon = {
  programmingLanguage: `python python3 javascript typescript java c++ c# golang rust kotlin swift ruby php perl haskell
    scala bash zsh powershell sql html css scss sass matlab julia lua dart elixir erlang clojure fortran cobol vba js ts jsx
    tsx cpp csharp fsharp f# ocaml solidity verilog vhdl assembly asm wasm webassembly graphql json yaml yml toml xml regex
    regexp plsql tsql mysql postgres postgresql sqlite mongodb shell_script in_c in_go in_r c_program jquery nodejs node_js
    autohotkey applescript makefile dockerfile latex xpath visual_basic objective_c питон* джаваскрипт 파이썬* 자바* 자바스크립트*
    パイソン ジャバスクリプト シェルスクリプト بايثون जावास्क्रिप्ट पायथन`,
  developerTool: `react angular vue svelte nextjs next_js django flask fastapi rails laravel spring hibernate express numpy
    pandas pytorch tensorflow keras scikit matplotlib git github gitlab bitbucket svn docker kubernetes k8s kubectl helm
    terraform ansible jenkins webpack vite npm yarn pnpm pip conda maven gradle cargo cmake gcc clang llvm vscode vim emacs
    intellij xcode android_studio jupyter linux ubuntu debian nginx apache redis kafka rabbitmq elasticsearch aws lambda ec2
    s3 azure gcp firebase heroku vercel netlify oauth jwt cors webhook* websocket* grpc rest_api restful openapi swagger
    postman selenium cypress playwright jest mocha pytest junit eslint prettier babel redux tailwind bootstrap prisma orm
    sqlalchemy airflow spark hadoop snowflake bigquery dbt ssh systemd cron crontab devops ci_cd api apis sdk ide unity3d
    unreal_engine opengl cuda wordpress_plugin chrome_extension discord_bot telegram_bot raspberry_pi arduino`,
  codeThing: `code codebase function functions method methods class classes variable variables array arrays string strings
    loop loops recursion recursive recursively algorithm* pointer* struct structs enum enums interface interfaces
    object_oriented dataframe* dictionary hashmap hash_map hash_table hash_set linked_list binary_tree binary_search
    bubble_sort merge_sort quicksort quick_sort sorting_algorithm stack_overflow call_stack tuple* boolean integer_overflow
    iterator* generator_function lambda closure closures callback* promise promises async await asynchronous asynchronously
    thread threads multithread* mutex deadlock* race_condition* semaphore concurrency garbage_collect* garbage_collector
    memory_leak* compiler* interpreter parser parsers tokenizer middleware endpoint endpoints microservice* backend back_end
    frontend front_end full_stack fullstack server_side client_side inheritance polymorphism encapsulation abstract_class
    constructor* destructor getter setter decorator* design_pattern* singleton unit_test* integration_test* test_case*
    test_suite docstring* pseudocode snippet source_code repository pull_request merge_conflict* commit commits rebase
    big_o time_complexity space_complexity data_structure* breadth_first depth_first dynamic_programming depth-first
    command_line terminal cli gui script scripts subprocess stdin stdout stdout argv localhost url_param* query_string
    http https tcp udp dns ip_address socket* cookie cookies session_storage local_storage dom css_class flexbox media_query
    viewport div divs tag_helper component components props usestate useeffect hook hooks jsx state_management rendering
    z_index same_origin cross_origin transfer_encoding doctype es6 es5 svg px rem pseudo_element* pseudo_class* selector selectors specificity inline_block spread_syntax template_literal* event_delegation local_variable* global_variable* strict_mode arrow_function* destructuring lazy_loading block_scope regular_expression* data_type value_type stack_trace heap_memory primitive primitives void static private_method public_method annotation* reflection marshal* websockets json_object hash hashes cli_tool hoisting prototype prototypal scope event_loop event_bubbling event_listener* nan undefined null nil type_coercion
    immutable immutab* mutable serializ* deserializ* encode_base64 base64 csv_file json_file config_file environment_variable*
    env_var* package_manager dependency_injection dependencies virtual_environment virtualenv framework frameworks library_function
    bitwise modulo_operator binary_number hexadecimal_string palindrome* anagram* isogram pangram reads_the_same ignoring_duplicates complete_the_body given_two_sorted exercise_in select_statement query_returns postgres_query write_the_query fibonacci factorial subarray substring*
    codigo programa programar programacion funcion funciones variable arreglo cadena bucle clase metodo algoritmo* compilador
    code_source fonction fonctions boucle tableau chaine_de_caracteres classe methode algorithme* programme_qui
    quellcode programm programmier* funktion funktionen schleife zeichenkette zeichenfolge methode algorithmus klasse_in
    codice funzione funzioni programma_che ciclo stringa classe_in metodo algoritmi vettore
    funcao funcoes laco cadeia_de_caracteres classe_em metodo
    kode fungsi pemrograman larik perulangan variabel program_yang kelas_dalam skrip
    функци* программ* код кода коде массив* строк* цикл* переменн* алгоритм* скрипт* класс_в метод_в
    hàm lập_trình mảng chuỗi vòng_lặp thuật_toán biến_số đoạn_mã mã_nguồn chương_trình
    fonksiyon* yazılım* değişken* döngü* dizi* algoritma* programla* kodu kod
    funkcj* programowani* zmienn* tablic* pętl* algorytm* kodu functie programmeren variabele
    دالة الدالة برنامج برنامجا كود الكود مصفوفة خوارزمية متغير سلسلة_نصية السلسلة برمجة
    फ़ंक्शन फंक्शन प्रोग्राम* कोड एल्गोरिदम* सरणी स्ट्रिंग লুপ ফাংশন প্রোগ্রাম কোড
    코드* 함수* 배열* 문자열* 변수* 알고리즘* 프로그램* 반복문* 클래스* 구현* 디버*
    関数 配列 文字列 変数 アルゴリズム プログラム コード クラス メソッド スクリプト 実装 デバッグ サーバー データベース
    函数 代码 程序 数组 字符串 变量 算法 循环 编程 脚本 接口 数据库 编写程序 类的 报错 编译 调试 二叉树 链表 正则
    ฟังก์ชัน โปรแกรม โค้ด อาร์เรย์ อัลกอริทึม ตัวแปร msimbo programu
    proceso_y_hilo hilo_de_ejecucion rama_de_git commit_sin confirmacion_de_git pila_y_cola consulta_sql depurador navegador_web
    processus_et_thread requete_sql branche_git tableau_trie navigateur prozess_und_thread abfrage* skript* rückgängig_machen datentyp* schnittstelle* zeiger
    processo_e_thread consulta_sql ramo_git thread_e_processo puntatore funkce smyčk* proměnn* třída pole_objektů függvény* ciklus* változó* osztály tömb*
    funcția funcții buclă variabilă clasă interogare funktionen_returnerar funktion_som variabel_blir løkke* metode_i funksjon* luokka silmukk* muuttuj* funktio*
    функці* змінн* масив* цикл* запит* скрипт* код_не объект* класс_от поток_от процесс_от интерфейс* библиотек* фреймворк* коммит* репозитори* ветк* отладк*
    luồng_và tiến_trình truy_vấn đối_tượng lớp_trong giao_diện hàm_số_trong thư_viện kueri objek_dan antarmuka pustaka basis_kode function_sa listahan_ng_code
    iş_parçacığı nesne* sınıf_ve sorgu* arayüz* kütüphane* kodumu kodum tablo_birleştir* πίνακας_δεδομένων συνάρτηση μεταβλητή βρόχο* κώδικα πρόγραμμα αρχείου
    פונקציה הפונקציה משתנה לולאה קוד הקוד מערך רשימה_לפי קובץ תוכנית שאילתה מחלקה تابع برنامه متغیر حلقه کد آرایه فهرست_را لیست دالة_تتحقق الحلقة المتغير الاستعلام مؤشر الكائن كائنات واجهة_برمجية
    चर लूप फंक्शन_जो क्वेरी प्रोग्रामिंग ऑब्जेक्ट क्लास ভেরিয়েবল অ্যারে কোয়েরি நிரல் செயல்பாடு மாறி வரிசை kitanzi mstari_wa_msimbo programu_yangu
    进程 线程 提交记录 撤销提交 分支 查询语句 对象 实例 指针 哈希 继承 多态 内存泄漏 框架 组件 控制台 回调 异步 并发 死锁 缓存 事务 プロセス スレッド インスタンス ループ 例外処理 ブランチ コミット クエリ 継承 非同期 排他
    프로세스* 스레드* 쿼리* 인스턴스* 객체* 변수가 상속* 비동기* 커밋* 브랜치* 콘솔* ตัวแปรใน ลูป คิวรี คลาส อ็อบเจกต์ ฐานข้อมูล`,
  codeAction: `implement implementing implementation debug debugging refactor* compile compiles compiling deploy deploys
    deploying deployment autocomplete code_review optimize_this_code instantiate import_error install_package run_the_script
    write_a_function write_a_program write_a_script write_code write_a_class write_a_query write_a_method write_a_regex
    create_a_function create_a_class create_a_script build_an_api build_a_rest fix_this fix_the_bug fix_my unit_tests_for
    complete_the_function complete_this_function the_following_function the_following_code this_code the_code following_program
    parse parses parsing scrape scraping serialize iterate iterates iterating concatenate instantiate override overload
    escreva_um_programa escreva_uma_funcao escribe_un_programa escribe_una_funcion escribir_una_funcion implementa implementar
    implemente implemente_un ecris_un_programme ecrivez_un_programme ecrire_une_fonction implementez implementer schreibe_ein_programm
    schreibe_eine_funktion implementier* scrivi_un_programma scrivi_una_funzione implementare buat_program buatlah_program
    buat_fungsi implementasi* напиши_программу напишите_программу напиши_функцию напишите_функцию реализуй* реализова* отлад*
    исправь_код viết_chương_trình viết_hàm viết_một_hàm triển_khai bir_fonksiyon_yaz 작성하* 編写 编写一个 编写代码 写一个程序 写一个函数 实现一个
    写一段代码 プログラムを書 関数を書 コードを書 実装し 修正して اكتب_برنامج اكتب_دالة اكتب_برنامجا लिखें_प्रोग्राम
    escribe_un_script haz_una_consulta ecris_un_script ecris_une_requete ecris_une_fonction schreibe_ein_skript schreib_mir_eine_funktion
    scrivi_uno_script escreva_um_script escreva_uma_consulta напиши_скрипт напиши_запрос napisz_funkcję napisz_skrypt napiš_skript schrijf_een_script schrijf_een_functie
    skriv_en_funktion skriv_en_funksjon kirjoita_funktio írj_egy_függvényt scrie_o_funcție kod_yaz bir_sorgu_yaz viết_đoạn_mã viết_câu_truy_vấn buatkan_kode tulis_fungsi
    γράψε_μια_συνάρτηση כתוב_פונקציה اكتب_كود اكتب_استعلام یک_تابع फ़ंक्शन_लिखिए फंक्शन_लिखो 写脚本 写一个脚本 写个函数 写一段 查询每个 スクリプトを書 クエリを書 함수를_작성* 쿼리를_작성* เขียนฟังก์ชัน เขียนโปรแกรม andika_programu`,
  database: `select_from left_join inner_join outer_join group_by order_by having_count where_clause database databases
    relational schema schemas table_named primary_key foreign_key stored_procedure* subquery index_on normalization
    normalisation nosql query queries sql_query our_tables our_database our_db the_database rows columns_in upsert
    base_de_datos base_de_donnees datenbank* banco_de_dados basis_data базу_данных базы_данных базе_данных cơ_sở_dữ_liệu veritabanı
    قاعدة_بيانات डेटाबेस 데이터베이스* データベース 数据库 查询语句`,
  failure: `error errors exception exceptions traceback stack_trace stacktrace segfault segmentation_fault typeerror
    valueerror keyerror syntaxerror syntax_error nullpointerexception null_pointer index_out_of not_defined undefined_is
    cannot_read core_dumped exit_code bug bugs buggy crash crashes crashing crashed freezes hangs timeout timeouts timed_out
    throws throwing doesnt_compile won't_compile not_compiling not_working doesn't_work doesnt_work 500_error
    access_denied permission_denied connection_refused out_of_memory infinite_loop unhandled uncaught off_by_one
    fehlermeldung* stürzt_ab absturz* erreur_de exception_levee plante error_de falla erro_de errore_di ошибк* исключени*
    вылетает падает lỗi hata_veriyor hatası خطأ त्रुटि 에러* 오류* 버그* エラー バグ 例外 错误 异常 崩溃`,
  plainDevelopment: `my_app my_site my_website my_server my_page my_program my_script my_code my_laptop my_game my_tests my_build
    my_function my_query my_loop my_list my_form my_button our_app our_site our_website our_server our_service our_backend
    our_tests our_build our_pipeline the_app the_site the_page the_server the_button the_program the_build the_tests the_browser
    the_log the_logs web_page webpage web_app web_site mobile_app landing_page login_form sign_in_page click_the_button
    when_users_click user_clicks users_log logged_in log_in logs_out log_out refresh_the_page page_loads page_load loads_slowly
    reload restart_the upload_a_file uploads download_a_file file_system filesystem folder folders filename* file_name* rename_all
    duplicates remove_duplicates sort_a_list sorted_list in_a_list of_a_list list_of_numbers list_of_names list_of_words text_file
    log_file spreadsheet_macro excel_formula google_sheets vba_macro pull_data extract_data data_from parse_the convert_a_file
    dates_in time_zone timezone* every_night every_five_minutes run_every background_job scheduled_job two_users_at simultaneous
    same_time_and undo_my_last last_commit branch branches merge_my version_control open_source_library third_party_library
    password_reset passwords_in store_passwords hash_passwords safely_store pagination infinite_scroll dropdown drop_down popup
    pop_up modal navbar menu_bar dark_mode responsive screen_size phone_screen cache caching cached cache_invalidation latency
    bottleneck* slow_query runs_slow slows_down memory_usage uses_too_much_memory eats_memory cpu_usage production staging
    rollback roll_back load_balanc* rate_limit* api_key* access_token* token_expire* encrypt_a encrypted request_body payload
    data_type data_types two_branches crawler crawl bots chatbot_that automate automation automatically_rename keyboard_shortcut
    mi_app mi_aplicacion mi_pagina mi_sitio mi_servidor la_pagina_web sitio_web pagina_web mon_app mon_application mon_site mon_serveur
    ma_page site_web page_web meine_app meine_anwendung meine_seite mein_server webseite* website mia_app il_mio_sito mio_programma
    meu_app meu_aplicativo meu_site meu_servidor meu_programa aplikasi_saya situs_web halaman_web мой_сайт моё_приложение мое_приложение
    приложени* сервер* сайт* кнопк* trang_web ứng_dụng máy_chủ uygulamam* web_sitesi sunucu* تطبيقي موقعي الخادم वेबसाइट सर्वर ऐप
    웹사이트* 서버* 앱이 앱에서 버튼을 アプリ ウェブサイト サーバ ボタン 网站 服务器 页面 按钮 应用程序 前端 后端 部署`,
  softwareWord: `page pages screen screens button buttons menu list lists file files folder table tables row rows column columns
    record records entry entries request requests response responses server servers user users login signup password passwords upload
    download downloads save saves saved saving load loads loading browser browsers version versions package packages object objects
    value values text input inputs output outputs key keys field fields form forms element elements item items tool tools run runs
    running test tests settings setting config desktop copy copies merge merged duplicate line lines program programs computer machine
    machines site sites link links image images icon icons tab tabs window windows phone phones mobile device devices notification
    notifications data dataset log logs store stored storing storage type types sort sorted sorting filter search count index position
    length size format formats convert timestamp date dates process processes job jobs task tasks message messages event events handler
    service services client clients network connection connections port host domain url urls update updates install installed upgrade
    delete deleted deletes remove removes insert append replace replaces empty blank counter check checks validate validation reject
    return returns print prints display displays render character characters letter letters digit lowercase uppercase words sentence
    strings number numbers header headers header_tells console commit change changes diff body assignment tree graph node nodes queue
    stack heap reference pass_by tables_are query_gives lookup look_up pixel pixels markup visitors double_click checkout reload
    background automatically by_itself website websites app apps application applications software developer developers engineer
    command commands prompt directory path paths import export backup sync offline online crashes slow slower fast faster performance
    scale cluster node_fails retry retries timeout response_time session sessions token tokens permission permissions role admin
    pagina lista archivo archivos carpeta boton usuario usuarios tabla fila columna datos formulario enlace pantalla cargar guardar
    fichier fichiers dossier bouton utilisateur utilisateurs tableau ligne colonne donnees formulaire lien ecran charger page liste
    seite datei dateien ordner knopf benutzer tabelle eintrage zeile spalte daten formular bildschirm laden speichern liste objekt
    cartella pulsante utente utenti tabella riga colonna dati modulo schermo caricare memoria oggetto arquivo arquivos pasta botao
    usuario tabela linha coluna dados tela consulta registros страниц* список списк* файл* папк* кнопк* пользовател* таблиц* строк*
    столб* данн* экран* форм* запрос* словар* strona plik pliki folderze przycisk uzytkownik tabela wiersz dane lijst bestand bestanden
    gebruiker gebruikers knop scherm gegevens record_aanpassen sayfa sayfam liste dosya dosyay* kullanici* dugme ekran veri trang_web
    danh_sach tep nguoi_dung nut_bam man_hinh du_lieu phan_tu halaman daftar berkas tombol pengguna layar kolom data sida filen lista
    anvandare knapp soubor seznam pole tlacitko uzivatel σελιδα σελίδα αρχειο αρχείο λιστα λίστα κουμπι κουμπί χρηστη* χρήστη* πινακα* πίνακα*
    网页 页面 列表 文件 文件夹 用户 表格 点击 显示 重复 排序 数据 登录 按钮 加载 输入 输出 软件 电脑 手机上 倒序 字段 记录 ページ リスト ファイル フォルダ ユーザー 画面
    データ 重複 並べ替え 読み込 ログイン 入力 出力 保存 クリック 項目 行ずつ 페이지* 파일* 목록* 리스트* 사용자* 화면* 데이터* 중복* 로그인* 입력* 출력* 저장* 클릭* 줄씩 صفحة صفحتي ملف
    الملف ملفات قائمة القائمة المستخدم المستخدمين النموذج الشاشة البيانات زر الزر फ़ाइल फाइल सूची डेटा मोबाइल बटन पेज उपयोगकर्ता তালিকা ফাইল ডেটা รายการ ไฟล์
    ปุ่ม ข้อมูล หน้าเว็บ ผู้ใช้ หน้าจอ faili orodha ukurasa`,
  helpAsked: `how_do_i how_can_i how_would_i how_do_you how_do_we how_can_we how_would_you how_to how_should_we how_should_i why_does_my
    why_is_my why_do_i why_does_the why_is_the why_does is_there_a what_is_the_best what_is_the_cleanest what_could_be where_do_i can_you_make can_you_fix
    what_am_i doing_wrong i_need_to i_need_a i_want_to i_want_the i_keep_getting keep_getting keeps_saying every_time when_should_i when_would_you what_is_the_difference
    what_happens_when what_does_it how_does what_is_a what_is_an difference_between differences_between give_me_a show_me
    como_hago como_puedo como_ordeno por_que_mi que_puedo_hacer pourquoi_mon pourquoi_ma comment_faire comment_puis comment_annuler warum_bekomme wie_kann_ich
    wie_mache wie_lese warum_funktioniert come_faccio come_posso perche_il_mio por_que_minha por_que_meu como_faco como_posso почему_моя почему_мой почему_мо* как_сделать
    как_мне bagaimana_cara mengapa_kode lam_sao lam_the_nao neden nasil jak_moge jak_muzu dlaczego_moj* hoe_kan hoe_voorkom hur_kan πώς πως 怎么 怎样 如何 为什么我 どうすれば
    どのように 方法を なぜ 어떻게* 왜 하고_싶* كيف كيف_يمكن* لماذا कैसे क्या_करूँ क्यों কিভাবে কীভাবে อย่างไร ทำไม jinsi`,
  proofVerb: `prove proves proving proof proofs disprove show_that demonstrate_that derive derives derivation deduce deduces
    deduction infer justify_your verify_that verify_the_correctness by_induction by_contradiction contradiction q_e_d theorem* lemma show_all_steps
    corollary conjecture if_and_only_if iff necessary_and_sufficient converges converge uniformly riemann irrational
    demuestra demostrar demuestre demuestren prueba_que probar_que deduce_que demontrer demontrez demontre montrer_que montrez_que
    prouver prouve prouvez beweis beweise beweisen zeige_dass zeigen_sie dimostra dimostrare dimostri prova_che prove_que demonstre
    demonstrar mostre_que buktikan pembuktian докажи* доказ* доказательств* покажи_что покажите_что chứng_minh kanıtla* ispatla*
    ispat udowodnij wykaż bewijs أثبت برهن اثبت البرهان सिद्ध_कीजिए सिद्ध_करें सिद्ध साबित প্রমাণ 증명* 증명하* 보이시오 証明 示せ 示しなさい 证明 求证 推导 推理
    พิสูจน์ thibitisha
    bizonyítsd bizonyítandó dokaž dokažte demonstrează arată_că bevisa bevis_at bevis todista osoita_että доведи доведіть αποδείξτε απόδειξη αποδειχθεί הוכח הוכיחו הוכחה ثابت_کنید ثابت_کن
    প্রমাণ_করো நிரூபி toon_aan bewijs_dat pruébalo chứng_tỏ tunjukkan_bahwa`,
  solveVerb: `solve solves solving solution_to_the calculate calculates calculating calculation compute computes evaluate_the
    simplify simplify_the factor_the find_the_value find_the_area find_the_number find_the_sum find_the_probability find_x find_all
    determine_the_value determine_whether what_is_the_value what_is_the_probability what_is_the_sum what_is_the_area what_is_the_remainder
    greatest_common least_common work_out figure_out_how estimate_how step_by_step show_your_work show_your_reasoning explain_your_reasoning
    think_through reason_through your_reasoning logically logical riddle riddles puzzle puzzles brain_teaser* sudoku paradox
    calcula calcular calcule resuelve resolver resuelva halla hallar encuentra_el_valor paso_a_paso adivinanza acertijo calculer calculez
    resoudre resous resolvez trouver_la_valeur etape_par_etape devinette enigme berechne berechnen berechnung löse lösen schritt_für_schritt
    rätsel calcolare risolvi risolvere passo_dopo_passo passo_per_passo indovinello resolva passo_a_passo adivinha charada enigma hitung*
    hitunglah selesaikan temukan_nilai langkah_demi_langkah teka_teki вычисли* рассчитай* посчитай* найди_значение найдите реши решите шаг_за_шагом
    загадк* головоломк* tính_toán tính_giá giải_phương từng_bước câu_đố hesapla* çöz çözün adım_adım bilmece oblicz rozwiąż zagadka
    bereken los_op raadsel احسب احسبي أوجد حل_المعادلة خطوة_بخطوة لغز ما_قيمة गणना हल_कीजिए हल_करें ज्ञात_कीजिए पहेली मान_ज्ञात চরণে ধাঁধা সমাধান
    계산* 풀어* 구하* 구하시오 단계별* 수수께끼* 퍼즐* 計算 求めよ 求めなさい 解いて 解け なぞなぞ パズル 段階的 计算 求解 解方程 求出 等于多少 逐步 谜语 逻辑题 算出
    คำนวณ แก้สมการ ปริศนา kokotoa
    que_numeros_son cuales_son_los_numeros halla_dos encuentra_dos trouve_deux finde_zwei trova_due encontre_dois найди_два знайди_два znajdź_dwie najdi_dvě löydä_kaksi oldd_meg megoldás vyřeš vypočítej rezolvă calculează
    löysin ratkaise beregn løs_ligningen lös_ekvationen räkna_ut λύσε υπολόγισε βρες_δύο פתור חשב_את מצא_שני حل_کنید محاسبه_کنید pata_namba`,
  quantityQuestion: `how_many how_much how_long_will how_far how_old_is how_tall how_fast what_percentage what_percent what_fraction
    at_what_rate on_average in_total altogether in_all remaining remain remains left_over are_left were_left is_left have_left cuantos
    cuantas cuanto_dinero cuanto_tiempo cuanto_cuesta cuanto combien wie_viele wie_viel wieviele wieviel quanti quante quanto_costa quanto_tempo
    quantos quantas quanto_custa berapa berapakah сколько скольк* bao_nhiêu kaç kaçtır ile_kosztuje ilu hoeveel كم_عدد كم كم_يبلغ कितने कितनी कितना
    কত কতটি কতগুলি কতজন কয়টি 몇 얼마* 얼마나 いくつ 何個 何人 何枚 いくら 何時間 何本 何円 多少 几个 几天 共有多少 一共 平均每 เท่าไร กี่ เท่าใด ngapi kiasi_gani
    de_cuantas_maneras de_quantas_maneiras in_quanti_modi de_combien_de auf_wie_viele ile_przekątnych ile_czasu kolik kolika hány hányféle mennyi cât câte câți hvor_mange hvor_mye hvor_meget hur_många hur_mycket kuinka_monta
    kuinka_vanha скільки πόσους πόσες πόσα πόσο πόσοι כמה چند چقدر எத்தனை hoeveel_manieren ilang_paraan gaano cuanto_mide cuanto_pesa quanto_mede 多久 多长时间 几种 何通り 何分 何匹 何歳 몇_마리* 몇_가지* 몇_시간* กี่ถุง กี่ชั่วโมง กี่วิธี saa_ngapi`,
  mathThing: `equation equations inequality polynomial* quadratic cubic logarithm* exponent* derivative* integral integrals integrate
    differentiate matrix matrices eigenvalue* vector_space determinant triangle triangles rectangle circle circumference perimeter
    hypotenuse radius diameter polygon parallel perpendicular angle angles degrees sine cosine tangent_line slope coordinate* probability
    probabilities permutation* combination_of expected_value random_variable standard_deviation variance integer integers prime_number
    prime_numbers primes divisible divisor* multiple_of odd_number even_number consecutive digits_of fraction fractions numerator
    denominator ratio sum_of product_of remainder square_root cube_root arithmetic pythagorean pythagoras fermat euler monty_hall quadratic_formula factorization interest truth_table fifth_term next_term square_root root_of limit_of integrate_x cyclic group_of_order two_digit three_digit even_numbers impares dos_numeros nombre_impair ungerade gerade_zahl* natürliche_zahl* parzyst* liczb* getallen нечетн* четн* чисел произведение tek_sayı çift_sayı số_chẵn số_lẻ ganjil genap 奇数 偶数 整除 连续 两位数 位数 連続する 積が 各位 짝수* 홀수* 자리_수* 연속* زوجي فردي زوجيين विषम_संख्या सम_संख्या संख्या* জোড় বিজোড় จำนวนคู่ จำนวนคี่ πρωτος αριθμ* αριθμό* arithmetic geometric sequence_of real_numbers complex_number
    rational_number natural_number* positive_integer* modulo theorem set_theory subset subsets bijection injective surjective group_theory
    abelian topology isomorphism algebra geometry calculus trigonometry ecuacion ecuaciones triangulo probabilidad numero_primo numeros_primos
    suma_de raiz_cuadrada equation_du probabilite nombre_premier nombres_premiers racine_carree gleichung* dreieck* wahrscheinlichkeit*
    primzahl* summe_der quadratwurzel* equazione triangolo probabilita numero_primo numeri_primi equacao triangulo probabilidade persamaan
    segitiga peluang bilangan_prima bilangan уравнени* треугольник* вероятност* простое_число простых_чисел сумма_чисел квадратн* целое_число
    phương_trình tam_giác xác_suất số_nguyên denklem* üçgen* olasılık* asal_sayı równani* معادلة المعادلة مثلث احتمال عدد_أولي عدد_صحيح الجذر समीकरण त्रिभुज
    प्रायिकता अभाज्य पूर्णांक সমীকরণ ত্রিভুজ সম্ভাবনা 방정식* 삼각형* 확률* 소수* 정수* 넓이* 方程式 三角形 確率 素数 整数 面積 方程 概率 质数 面积 周长 体积 平方根 分数
    比例 สมการ สามเหลี่ยม ความน่าจะเป็น
    przekątn* diagonal diagonals diagonale diagonalen diagonales ungerader_zahlen nombres_impairs numeros_impares numeri_dispari lichých sudé páratlan szám_összege udda_tal oddetall jämn parillinen pariton
    суму_двух сума_чисел добуток περιττ* άρτιος άθροισμα סכום מספרים_זוגיים زوجی فرد_است योगफल गुणनफल क्रमागत যোগফল গুণফল கூட்டுத்தொகை वर्गमूल acute_angle isosceles equilateral hypotenuse logarithm binomial combinatorial
    permutation combinatorics congruent modulus eigenvector sphere cylinder cone cuboid trapezoid rhombus perfect_square perfect_cube median quartile z_score p_value confidence_interval null_hypothesis bayes bayesian`,
  storyProblem: `each per twice thrice half_of half_as a_third_of times_as_many times_more more_than fewer_than less_than as_many_as costs cost
    price sells sold bought buys paid pays earns earned spends spent gave gives borrowed shared_equally divided_equally split dozen
    dollars dollar cents euros rupees pounds miles mile kilometers kilometres km mph hours minutes weeks gallons liters litres ounces
    grams kilograms kg inches feet meters metres acres apples oranges marbles candies cookies eggs boxes bags tickets pens pencils
    books_on stickers chickens cows legs students_in speed_of travels train_leaves trains together_they working_together pipe fills a_tank
    discount interest_rate compound_interest simple_interest profit loss tax tip principal old_is years_old years_ago years_time how_old age_of ages twice_as_old as_old workers machines_take finish_the_job overtakes catches_up leaves_at snail well_by rope edad anos_tengo tenia_la_edad ans_plus age_du alter so_alt jahre_alt eta_di anni_fa idade возраст* лет_назад старше младше втрое яблок* lat_temu wiek_ojca oud jaar_oud yaş* yaşında tuổi gấp_ba umur kali_umur 年龄 岁 追上 相遇 歳 追いつ 나이* عمر عمره उम्र आयु গতি বয়স อายุ altogether ηλικία χιλιομετρ* χιλιόμετρ* τρένο zug_fährt km_h snelheid vader_is pociąg поезд* скорост* tren_saat tàu kecepatan kereta 火车 速度 列車 電車 기차* 속력* قطار ट्रेन cada por_cada el_doble
    la_mitad compro vendio chaque deux_fois_plus la_moitie acheter_des achete vend jeder jede doppelt_so_viele hälfte kauft verkauft ogni
    il_doppio compra vende dobro metade setiap membeli menjual dua_kali кажд* вдвое купил* продал* рубл* килограмм* mỗi mua bán gấp_đôi her_biri
    satın_aldı كل_واحد ضعف اشترى प्रत्येक दोगुना खरीद* बेच* প্রতিটি দ্বিগুণ কিনে টাকা ডলার মাইল 각각 두_배 샀* 달러 마다 それぞれ 倍の 買い 売り ドル ずつ 每个 每天 每小时 每人
    两倍 千克 公里 平方米 元钱 同样 บาท ดอลลาร์ แต่ละ kila dola mara_mbili`,
  logicPuzzle: `knight knights knave knaves liar liars truth_teller tells_the_truth always_lies always_tells tell_the_truth must_be_true
    must_be_false can_be_concluded conclude conclusion_follows follows_that does_it_follow premise premises argument_is_valid
    logically_follow valid_argument invalid_argument deductively syllogism all_of_the_above_are some_of_the exactly_one exactly_two at_least_one_of
    at_most_one either_or neither_nor truth_table truth_value true_or_false_and not_not and_not sits_next_to sitting_next to_the_left_of
    to_the_right_of immediately_left house_number clue clues weigh_the balance_scale coins_one_of counterfeit cross_the_river crosses_the_river
    wolf_goat lightbulb_room switches hats_of prisoner* monty_hall birthday_problem weighings shortest_path_from which_of_the_following_must
    if_all all_men no_reptiles father_of brother_of sister_of grandfather siblings older_than younger_than taller_than shorter_than
    heavier_than finished_before finished_after second_oldest who_is_the_oldest who_is_older which_one_is work_out_the_order exactly_one_statement one_of_them only_one only_one_of can_we_be_sure is_it_possible_to possible_to_cover is_it_possible who_is_who valid_if inference is_valid inference_is what_day_is_it if_yesterday thinking_of_a who_broke who_did_it guilty innocent suspects murderer detective alibi box_labelled labels_are_wrong labelled fox_a_goose boat goat tides weigh ahead_of in_a_row_of fixed_order next_in_the_sequence what_comes_next next_number pattern_in_the
    miente siempre_dice_la_verdad mentiroso ment_toujours dit_la_verite menteur lügt lügner sagt_die_wahrheit mente_sempre bugiardo mentiroso
    dice_la_verita berbohong jujur лжет лжец* говорит_правду рыцар* nói_dối nói_thật yalan_söyl* يكذب الصدق झूठ_बोल* सच_बोल* 거짓말* 진실* 嘘つき 正直者 嘘をつ 说谎 说真话 诚实
    假话 如果所有 能否推出 推断 顺序 三个人 开关 过河`,
  causalReasoning: `why_does why_do why_is why_are why_would what_would_happen_if what_happens_if suppose assume_that assuming given_that
    given_the imagine_that trade_off trade_offs tradeoffs pros_and_cons_of_each which_is_better compare_and_contrast analyze_the analyse_the
    root_cause infer_the hypothesis counterexample counter_example strategy_to_win optimal_strategy game_theory nash dilemma fermi order_of_magnitude roughly_how estimate walk_me_through reason_it_through the_reasoning find_the_flaw flaw_in assumptions inference_valid decide_whether justify_it which_one_wins timetable worried_should
    best_move checkmate chess_position plan_a_schedule schedule_so_that constraints constraint optimal minimum_number maximum_number minimize maximise
    maximize minimise fewest shortest_time least_number worst_case_scenario_for_each`,
  creativeWriting: `poem poems haiku limerick sonnet story stories short_story essay essays novel lyrics song songs rap blog_post blog article
    email emails letter cover_letter resume speech toast script_for_a_video screenplay dialogue tagline slogan* headline* caption captions tweet
    tweets press_release product_description advertisement newsletter invitation thank_you_note obituary joke jokes pun puns write_a_short write_a_letter
    write_an_email write_a_story write_a_poem write_an_essay write_a_song write_a_review write_a_paragraph compose brainstorm rewrite rephrase reword
    paraphrase proofread grammar summarize summarise summary summaries tl_dr translate translation bullet_points outline_for poema cuento historia
    ensayo carta correo correo_electronico resumen resume_el traduce traducir traduzca poeme histoire lettre courriel resumer resumez traduis traduire
    traduisez redige redigez gedicht geschichte aufsatz brief zusammenfass* übersetz* verfasse storia lettera riassumi riassunto traduci tradurre saggio
    historia_sobre redacao resuma resumo traduza traduzir escreva_uma_carta escreva_um_poema puisi cerita esai surat ringkas* terjemah* tulislah_puisi
    стих* стихотворени* рассказ* сочинени* письмо эссе переведи* перескажи* резюме_текста bài_thơ câu_chuyện bài_luận bức_thư tóm_tắt dịch_sang
    şiir hikaye mektup özetle çevir wiersz opowiadanie list_do streść przetłumacz gedicht_over samenvatting vertaal قصيدة قصة مقال رسالة لخص ترجم بريد_إلكتروني
    कविता कहानी निबंध पत्र सारांश अनुवाद কবিতা গল্প প্রবন্ধ চিঠি অনুবাদ 시를 이야기* 에세이* 편지* 요약* 번역* 이메일* 詩を 物語 エッセイ 手紙 要約 翻訳 メールを 作文 俳句 诗 故事 文章
    邮件 翻译 总结 摘要 改写 润色 写一封 写一篇 写一首 标题 广告 文案 กลอน เรื่องสั้น จดหมาย สรุป แปล shairi hadithi barua tafsiri`,
  generalTopic: `recipe recipes cook cooking bake dinner lunch breakfast vegan restaurant* travel trip vacation itinerary flight hotel tourist
    visit city country capital_of continent mountain river history historical century war wars king queen emperor empire president
    prime_minister election government politic* law legal constitution religion religious church god philosophy ethic* moral culture cultural art artist
    artists painting museum music musician band singer album movie movies film films actor actress director tv_show series_of_books author novelist book
    books literature character characters sport sports football soccer basketball tennis olympic* team game_of_thrones player workout exercise_routine
    diet nutrition vitamin* health healthy disease symptoms medical medicine doctor patient anxiety depression stress sleep therapy relationship
    relationships friend friends family parent parents parenting child children kids baby dog dogs cat cats pet pets animal animals bird plant plants
    garden gardening weather climate planet earth moon ocean environment* pollution sustainab* business startup company marketing brand customer customers
    sales manager employee* career job interview_tips salary invest investing stock_market economy economic inflation bank mortgage money_saving
    budget_for school teacher student_life university college lesson_plan homework language_learning vocabulary pronunciation wedding birthday gift gifts
    party holiday christmas fashion clothes hair makeup skin_care home house_cleaning decor furniture car cars bike productivity habit habits motivation
    mindfulness meditation hobby hobbies zodiac astrology dream dreams psychology sociology anthropology biology chemistry physics astronomy
    receta viaje ciudad pais salud historia_de empresa comida pelicula musica libro gobierno amigo amigos voyage ville pays sante entreprise recette
    cuisine gouvernement musique livre ami amis reise stadt land_in gesundheit unternehmen rezept geschichte_der musik buch freund freunde viaggio citta
    paese salute azienda ricetta cucina musica libro amico viagem cidade saude empresa receita governo livro perjalanan kota negara kesehatan perusahaan
    resep pemerintah sejarah budaya путешеств* город* стран* здоров* компани* рецепт* истори* музык* книг* друг* друз* праздник* погод* du_lịch thành_phố sức_khỏe
    công_ty món_ăn lịch_sử văn_hóa bạn_bè seyahat şehir sağlık tarif tarih kültür podróż miasto zdrowie przepis سفر مدينة صحة شركة وصفة تاريخ ثقافة الصحة الطعام यात्रा शहर
    स्वास्थ्य कंपनी व्यंजन इतिहास संस्कृति ভ্রমণ শহর স্বাস্থ্য ইতিহাস 여행* 도시* 건강* 회사* 요리* 레시피* 역사* 문화* 음식* 친구* 旅行 都市 健康 会社 料理 レシピ 歴史 文化 映画 音楽
    城市 健康 公司 菜谱 食谱 历史 文化 电影 音乐 书籍 朋友 环境 地球 动物 植物 政府 经济 营养 减肥 客户 产品 旅游 ท่องเที่ยว สุขภาพ อาหาร ประวัติศาสตร์ safari afya chakula historia_ya`,
  everydayThing: `shoes shoe wine beer coffee tea milk bread butter cheese egg meat fish fruit vegetable vegetables soup cake cloth clothes shirt
    dress jacket kitchen bathroom bedroom sofa carpet sheets blanket pillow lamp stain receipt shop grocery market street bridge park beach forest sea
    island lake farm farmer village king_arthur people person woman women man men boy girl mother father sister brother grandmother grandma
    grandfather uncle aunt neighbour neighbor colleague colleagues boss couple marriage husband wife teenager teenagers elderly infants babies
    heart brain kidney kidneys blood skin bone muscle stomach pain sick fever headache cold_and body weight smile love loved happy sad angry feel feeling
    feelings lonely nervous afraid hope friendship kindness honesty summer winter spring_season autumn rain snow sun sky star night morning evening
    monday sunday holiday_plans train_ticket airport suitcase africa europe asia america american germany german france french spain spanish italy italian
    england english britain british china chinese japan japanese india indian russia russian greece greek mexico brazil canada australia london paris berlin
    new_york tokyo rome lisbon world countries nations languages speak_swahili penguin penguins elephant elephants lion tiger horse horses cow_milk crab
    insect insects spider bees flower flowers tree_house grass rose roses newspaper newspapers magazine orchestra violin piano guitar dance theater theatre
    opera museum_visit actor_in celebrity famous_people century_old ancient medieval victorian egypt pharaoh rome_fell greek_word moon_landing space_travel
    lawyer nurse nurses chef waiter salesperson engineer_who manager_says consultant accountant salary_of job_interview degree society social political politically
    cultural regulation tax_law vote democracy freedom beauty meaning_of_life religion_in quote quotes inspirational motivational funny romantic friendly polite
    zapatos vino madre padre hermano hijo hija playa amor espalda chaussures vin mere pere frere enfant enfants plage amour gateau chat schuhe wein mutter vater bruder
    kind kinder strand liebe garten oma opa katze hund scarpe vino madre padre fratello figlio spiaggia amore sapatos mae pai irmao filho praia ibu ayah anak
    pantai cinta мама мамы папа брат сын дочь ребен* дети детей любов* семь* люди mẹ cha con_cái anne baba çocuk* aşk matka ojciec dziecko miłość moeder vader kind
    أمي أبي طفل أطفال الأطفال حب معلمتي الحياة حياتنا माँ पिता बच्चे बच्चों प्यार मित्र मेरा_परिवार মা বাবা শিশু 엄마* 아빠* 아이* 사랑* 가족* 선물* 生日 父母 妈妈 爸爸 孩子 爱情 家庭 人们 生活 就业 母 父 子供
    家族 恋 若者 人生 誕生日 แม่ พ่อ ลูก รัก mama baba watoto upendo`,
  factQuestion: `who_came who_becomes kto_wynalazł quien_invento wer_erfand кто_придумал 誰が発明 谁发明 is_the_word word_for refer_to came_up_with how_big_can how_long_do how_tall_can who_is who_was who_wrote who_invented who_discovered who_founded who_created who_directed who_played who_painted who_won who_were
    when_did when_was when_is where_is where_are where_was where_do where_did where_can which_country which_city which_year which_actor which_film
    in_which_year in_what_year what_year what_is_the_capital what_is_the_name what_was_the_name what_is_the_meaning what_does_the_word what_are_some
    what_are_the_benefits what_are_good ways_to tips_for tips_on advice advice_on recommend recommendation* suggest suggestions suggest_some tell_me_about give_me_ideas
    ideas_for list_of_famous famous founded invented inventor born died name_three name_five quien quienes cuando_fue donde_esta cual_es_la_capital
    qui_a qui_est quand_a ou_se_trouve wer_ist wer_war wer_hat wann_wurde wo_ist wo_liegt chi_e_stato chi_ha quando_e dove_si quem_foi quem_e onde_fica siapa
    siapakah kapan dimana di_mana кто_такой кто_написал кто_изобрел кто_был когда_был где_находится посоветуй* порекомендуй* ai_là khi_nào ở_đâu kimdir nerede ne_zaman kto_jest
    kto_napisał من_هو من_هي متى أين ما_هي_عاصمة कौन_है कौन_था कब_हुआ कहाँ কে_ছিলেন কোথায় 누구* 언제* 어디* 추천* 誰が 誰です いつ どこ おすすめ 教えて 是谁 哪一年 哪里 在哪 推荐 建议
    列出 列举 介绍 什么时候 ใคร เมื่อไหร่ ที่ไหน แนะนำ nani_ali`,
  rolePlay: `act_as i_want_you_to you_are_a you_are_an pretend imagine_you_are role_play roleplay as_a_professional take_on_the_role actua_como actua_como_si
    eres_un agis_comme tu_es_un imagine_que du_bist_ein stell_dir_vor agisci_come sei_un atue_como voce_e_um imagina imagina_que bertindaklah bayangkan представь*
    ты_являешься hãy_tưởng_tượng bạn_là hayal_et تخيل तुम_एक कल्पना_कीजिए 당신은 상상해* 想象 扮演 假设你是 あなたは 想像して`,
  audience: `to_a_child to_my_grandmother to_my_grandma to_a_five year_old for_kids for_beginners layman non_technical in_simple_terms simple_words
    for_my_boss to_my_boss for_my_manager for_a_friend my_mom my_dad my_son my_daughter my_wife my_husband for_a_presentation linkedin instagram
    facebook youtube tiktok podcast history_of origin_of etymology meaning_of society impact_of influence_of future_of ethics_of jobs_will industry
    careers in_tech become_a salary_of conference founder ceo billionaire biography stock_price share_price market_share controversy effects_of role_of
    importance_of benefits_of career_path interview_for buy_a buying which_laptop best_laptop kid kids_to_learn book_about movie_about museum_of`,
  answerOptions: `answer_choices options answer_only yes_or_no true_or_false multiple_choice choose_the_best choose_the_correct which_of_the_following
    which_of_these answer a_b_c_d fill_in_the_blank 选项 下列 以下哪`,
  negation: `not no never without except unless neither nor none cannot can't don't doesn't isn't won't sin nunca sauf jamais ohne nicht kein keine nie
    senza mai sem tanpa tidak bukan не без никогда không مع_عدم ليس बिना नहीं 않* 없이 ない なしで 不要 不能 没有`,
  condition: `if when whenever then else otherwise unless only_if provided_that such_that so_that must should at_least at_most exactly no_more_than
    si cuando debe exactamente alors doit exactement wenn falls muss genau se quando deve esattamente jika maka harus tepat если то должен должна
    ровно nếu thì phải eğer إذا يجب यदि तो যদি 만약 경우 もし 場合 如果 必须 至少 最多 恰好`,
  steps: `first second third next finally after_that step steps explain describe analyze analyse compare discuss evaluate justify
    detailed in_detail thorough comprehensive explica explicar expliquer expliquez erkläre erklären spiega spiegare explique jelaskan объясни* giải_thích açıkla
    اشرح समझा* ব্যাখ্যা 설명* 説明 解释 说明 详细 分析`,
} as const;

export type Cue = keyof typeof cueLexicon;
export const cues = Object.keys(cueLexicon) as readonly Cue[];
